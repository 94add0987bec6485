//! Accepts connections, over TLS where a certificate is given, and serves each over HTTP/1.1 or HTTP/2.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, Request};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::Config;

type App = poem::endpoint::BoxEndpoint<'static>;

/// Listens on the configured address and serves `app` until the task is aborted.
pub async fn serve(config: &Config, app: App) -> anyhow::Result<(SocketAddr, JoinHandle<()>)> {
    let tls = tls(config)?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("{} cannot be listened on; choose another with --listen", config.listen))?;
    let address = listener.local_addr()?;
    let app = Arc::new(app);
    let serving = tokio::spawn(async move {
        loop {
            let Ok((stream, peer)) = listener.accept().await else { continue };
            let (app, tls) = (Arc::clone(&app), tls.clone());
            tokio::spawn(async move {
                match tls {
                    None => connection(stream, Scheme::HTTP, address, peer, app).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            connection(stream, Scheme::HTTPS, address, peer, app).await;
                        }
                    }
                }
            });
        }
    });
    Ok((address, serving))
}

async fn connection<S>(stream: S, scheme: Scheme, local: SocketAddr, peer: SocketAddr, app: Arc<App>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let request: Request =
            (request, LocalAddr(Addr::SocketAddr(local)), RemoteAddr(Addr::SocketAddr(peer)), scheme.clone()).into();
        let app = Arc::clone(&app);
        async move { Ok::<_, Infallible>(hyper::Response::from(app.get_response(request).await)) }
    });
    let ended = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

fn tls(config: &Config) -> anyhow::Result<Option<TlsAcceptor>> {
    let (Some(cert), Some(key)) = (&config.tls_cert, &config.tls_key) else { return Ok(None) };
    let unreadable = |file: &std::path::Path| format!("{} cannot be read", file.display());
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(cert).and_then(Iterator::collect).with_context(|| unreadable(cert))?;
    let key = PrivateKeyDer::from_pem_file(key).with_context(|| unreadable(key))?;
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}
