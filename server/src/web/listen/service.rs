//! One request from the connection to the application: what is refused before anybody sees it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::body::{Body as AnswerBody, Bytes, Incoming};
use poem::http::uri::{Authority, Scheme};
use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version, header};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Body, Endpoint, Request, Response};

use crate::limits::Limits;
use crate::web::listen::guard::{self, Outgoing, Unread};
use crate::web::listen::watch::Watch;

/// The application.
pub type App = poem::endpoint::BoxEndpoint<'static>;

/// What the requests of one connection share.
#[derive(Clone)]
pub struct Service {
    /// Who answers.
    pub app: Arc<App>,
    /// HTTP or HTTPS.
    pub scheme: Scheme,
    /// Our end.
    pub local: SocketAddr,
    /// The other end.
    pub peer: SocketAddr,
    /// The bounds.
    pub limits: Limits,
    /// The connection.
    pub watch: Arc<Watch>,
}

impl Service {
    /// Answers a request. To be called when the connection hands it over: the next head may be read while it is
    /// answered.
    pub fn call(
        self,
        request: hyper::Request<Incoming>,
    ) -> impl Future<
        Output = Result<
            hyper::Response<Outgoing<impl AnswerBody<Data = Bytes, Error = std::io::Error> + Unpin + Send>>,
            Infallible,
        >,
    > + Send
    + 'static {
        let http1 = request.version() < Version::HTTP_2;
        let (in_flight, sound) = self.watch.begin(http1);
        async move {
            let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
            let refused = !sound || !one_host(request.version(), request.uri(), request.headers());
            let unread = Unread::new(length(request.headers()));
            let mut response = if refused { refusal() } else { self.pass(request, unread.clone()).await };
            // The end of a chunked body is not followed, so nothing may come after it. After a body of which something
            // is left unread the connection ends: a client that is not told would send its next request on it.
            if http1 && (refused || chunked || unread.any()) {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(hyper::Response::from(response).map(|body| Outgoing::new(body, in_flight)))
        }
    }

    async fn pass(self, request: hyper::Request<Incoming>, unread: Unread) -> Response {
        let has_body = !matches!(*request.method(), Method::GET | Method::HEAD);
        let (local, peer) = (LocalAddr(Addr::SocketAddr(self.local)), RemoteAddr(Addr::SocketAddr(self.peer)));
        let mut request: Request = (request, local, peer, self.scheme).into();
        if has_body {
            let bytes = request.take_body().into_bytes_stream();
            request.set_body(Body::from_bytes_stream(guard::Incoming::new(bytes, self.limits, self.watch, unread)));
        }
        self.app.get_response(request).await
    }
}

/// The length of the body that the head announces.
fn length(headers: &HeaderMap) -> u64 {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    length.and_then(|length| length.trim().parse().ok()).unwrap_or(0)
}

fn refusal() -> Response {
    Response::builder().status(StatusCode::BAD_REQUEST).content_type("text/plain").body("bad request\n")
}

/// Whether the request says once, and in a form that is one, which host it is for. HTTP/1.0 need not say it.
fn one_host(version: Version, uri: &Uri, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (host, another) = (hosts.next(), hosts.next());
    let host = match host.map(|host| Authority::try_from(host.as_bytes())) {
        Some(Ok(host)) => Some(host),
        Some(Err(_)) => return false,
        None => None,
    };
    if another.is_some() || host.as_ref().is_some_and(|host| host.as_str().contains('@')) {
        return false;
    }
    match (host, uri.authority()) {
        (Some(host), Some(named)) => host == *named,
        (Some(_), None) => true,
        (None, Some(_)) => version == Version::HTTP_2,
        (None, None) => version == Version::HTTP_10,
    }
}
