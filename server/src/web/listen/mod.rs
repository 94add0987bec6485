//! Accepts connections, over TLS where a certificate is given, and serves each over HTTP/1.1 or HTTP/2.

mod connections;
mod framing;
mod guard;
mod open_files;
mod service;
mod watch;
mod watched;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use nix::sys::socket::{setsockopt, sockopt};
use poem::http::uri::Scheme;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinHandle};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use self::connections::{Connections, Place};
use self::service::{App, Service};
use self::watched::{Taken, Watched};
use crate::config::Config;
use crate::kernel::durable;
use crate::limits::Limits;

/// The listener and its connections.
#[derive(Debug)]
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    connections: Arc<Connections>,
    accepting: AbortHandle,
}

impl Serving {
    /// Accepts nothing more, lets requests in flight finish for a moment, and closes every connection.
    pub async fn stop(self) {
        self.accepting.abort();
        self.connections.end().await;
    }
}

/// What every connection needs.
struct Front {
    app: Arc<App>,
    tls: Option<TlsAcceptor>,
    local: SocketAddr,
    builder: Builder<TokioExecutor>,
    limits: Limits,
    connections: Arc<Connections>,
}

/// Listens on the configured address and serves `app` until it is stopped. The two tasks accept connections and look
/// at them; neither ends by itself.
pub async fn serve(config: &Config, app: App) -> anyhow::Result<(Serving, [JoinHandle<()>; 2])> {
    let tls = tls(config)?;
    let files = open_files::raise();
    let most = open_files::connections(files, config.limits.connections);
    tracing::info!(files, connections = most, "the most open files and connections");
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("{} cannot be listened on; choose another with --listen", config.listen))?;
    let address = listener.local_addr()?;
    let connections = Arc::new(Connections::new(config, most));
    let front = Arc::new(Front {
        app: Arc::new(app),
        tls,
        local: address,
        builder: builder(&config.limits),
        limits: config.limits,
        connections: Arc::clone(&connections),
    });
    let watching = tokio::spawn(Arc::clone(&connections).watch());
    let accepting = tokio::spawn(accept(listener, front));
    let serving = Serving { address, connections, accepting: accepting.abort_handle() };
    Ok((serving, [accepting, watching]))
}

async fn accept(listener: TcpListener, front: Arc<Front>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => match front.connections.admit(peer.ip()).await {
                Some(place) => {
                    let id = place.id();
                    let task = tokio::spawn(connect(Arc::clone(&front), stream, peer, place));
                    front.connections.served_by(id, task.abort_handle());
                }
                None => refuse(stream, front.tls.is_some()),
            },
            Err(error) if out_of_files(&error) => front.connections.out_of_files().await,
            // The client went away before it was accepted.
            Err(error) => tracing::debug!(%error, "a connection was not accepted"),
        }
    }
}

fn out_of_files(error: &std::io::Error) -> bool {
    use nix::errno::Errno;
    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(errno, Some(Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM))
}

/// A client that has as many connections as it may is told so, where that costs no handshake.
fn refuse(mut stream: TcpStream, tls: bool) {
    static REFUSING: Semaphore = Semaphore::const_new(64);
    const ANSWER: &[u8] =
        b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (false, Ok(turn)) = (tls, REFUSING.try_acquire()) else { return };
    tokio::spawn(async move {
        let _turn = turn;
        let told = async {
            stream.write_all(ANSWER).await?;
            stream.shutdown().await?;
            // Closing over bytes that were not read would take the answer back.
            while stream.read(&mut [0; 4096]).await? > 0 {}
            Ok::<_, std::io::Error>(())
        };
        let _ = tokio::time::timeout(Duration::from_secs(1), told).await;
    });
}

async fn connect(front: Arc<Front>, stream: TcpStream, peer: SocketAddr, place: Place) {
    let _ = stream.set_nodelay(true);
    // A peer that is gone, or takes nothing, is noticed by the kernel although little is sent to it.
    let patience = u32::try_from(front.limits.answer.as_millis()).unwrap_or(u32::MAX);
    let _ = setsockopt(&stream, sockopt::TcpUserTimeout, &patience);
    let stream = Taken::new(stream, Arc::clone(&place.watch));
    match &front.tls {
        None => serve_connection(&front, stream, Scheme::HTTP, peer, &place).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                place.watch.greeted();
                serve_connection(&front, stream, Scheme::HTTPS, peer, &place).await;
            }
        }
    }
}

async fn serve_connection<S>(front: &Front, stream: S, scheme: Scheme, peer: SocketAddr, place: &Place)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let watch = &place.watch;
    let service = Service {
        app: Arc::clone(&front.app),
        scheme,
        local: front.local,
        peer,
        limits: front.limits,
        watch: Arc::clone(watch),
    };
    let stream = TokioIo::new(Watched::new(stream, Arc::clone(watch), &front.limits));
    let mut connection =
        pin!(front.builder.serve_connection(stream, service_fn(move |request| service.clone().call(request))));
    let ended = loop {
        tokio::select! {
            ended = connection.as_mut() => break ended,
            () = watch.retire.notified() => connection.as_mut().graceful_shutdown(),
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // Time is kept by the connection's `Watch`: this time-out would also end kept-alive connections.
    builder.http1().header_read_timeout(None).max_buf_size(limits.head_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING_ANSWER);
    builder
}

/// What a client may send ahead of what was read, for one request and for all of a connection.
const STREAM_WINDOW: u32 = 128 << 10;
const CONNECTION_WINDOW: u32 = 256 << 10;
/// What of an answer is kept ready for the connection.
const SEND_BUFFER: usize = 128 << 10;
/// How often an HTTP/2 peer is asked whether it is there, and how long its answer may take.
const PING: Duration = Duration::from_secs(30);
const PING_ANSWER: Duration = Duration::from_secs(20);

fn tls(config: &Config) -> anyhow::Result<Option<TlsAcceptor>> {
    let (Some(cert), Some(key)) = (&config.tls_cert, &config.tls_key) else { return Ok(None) };
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(cert).and_then(Iterator::collect).with_context(|| durable::unreadable(cert))?;
    let key = PrivateKeyDer::from_pem_file(key).with_context(|| durable::unreadable(key))?;
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}
