//! The server: HTTP/1.1 and HTTP/2 without TLS on one port, with limits on connections and on waiting, stopped
//! gracefully.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use hyper::server::conn::{http1, http2};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The bytes that open an HTTP/2 connection.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The limits of one listener.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
    /// Connections at once; more wait in the listener's backlog. Default 10000.
    pub connections: usize,
    /// How long a new connection may stay silent. Default 10 s.
    pub first_byte: Duration,
    /// How long a request's head may take, with the idle time before it. It is above the minute after which load
    /// balancers close idle connections: if the server closed first, it could cut their next request. Default 75 s.
    pub head: Duration,
    /// How long requests in progress may take once the server stops, their bodies included. Default 10 s.
    pub drain: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            first_byte: Duration::from_secs(10),
            head: Duration::from_secs(75),
            drain: Duration::from_secs(10),
        }
    }
}

/// Why a listener does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Another process has the port.
    #[error("failed to listen on {0}: the port is in use")]
    PortInUse(SocketAddr),
    /// The address is not one of this machine, or the port is privileged.
    #[error("failed to listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Listens.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::PortInUse(address),
        _ => ServeError::Listen { address, source },
    })
}

/// Serves until `stop`. Then it takes no new connection, lets the requests in progress and their bodies finish for
/// `limits.drain`, cuts the rest, and returns.
pub async fn serve(listener: TcpListener, router: Router, limits: ServerLimits, stop: CancellationToken) {
    let slots = Arc::new(Semaphore::new(limits.connections));
    let connections = TaskTracker::new();
    let abort = CancellationToken::new();
    loop {
        let slot = tokio::select! {
            () = stop.cancelled() => break,
            slot = Arc::clone(&slots).acquire_owned() => slot,
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Most often the process is out of file descriptors: wait until some are closed.
                tracing::warn!(%error, "failed to accept a connection");
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (router, stop, abort) = (router.clone(), stop.clone(), abort.clone());
        connections.spawn(async move {
            let _slot = slot;
            tokio::select! {
                () = abort.cancelled() => {}
                () = connection(stream, router, limits, stop) => {}
            }
        });
    }
    drop(listener);
    connections.close();
    if timeout(limits.drain, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "closing connections whose requests did not finish in time");
        abort.cancel();
        connections.wait().await;
    }
}

async fn connection(stream: TcpStream, router: Router, limits: ServerLimits, stop: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let is_http2 = tokio::select! {
        () = stop.cancelled() => return,
        spoken = timeout(limits.first_byte, speaks_http2(&stream)) => match spoken {
            Ok(Ok(is_http2)) => is_http2,
            Ok(Err(_)) | Err(_) => return,
        },
    };
    let io = TokioIo::new(stream);
    let service = TowerToHyperService::new(router);
    if is_http2 {
        let conn = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(256)
            .keep_alive_interval(limits.head)
            .keep_alive_timeout(Duration::from_secs(20))
            .serve_connection(io, service);
        run(conn, stop, http2::Connection::graceful_shutdown).await;
    } else {
        let conn = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head)
            .serve_connection(io, service);
        run(conn, stop, http1::Connection::graceful_shutdown).await;
    }
}

/// Runs a connection to its end. How it ended is not logged: clients may hang up at any time.
async fn run<C, E>(conn: C, stop: CancellationToken, shutdown: impl FnOnce(Pin<&mut C>))
where
    C: Future<Output = Result<(), E>>,
{
    let mut conn = pin!(conn);
    tokio::select! {
        _ = conn.as_mut() => return,
        () = stop.cancelled() => {}
    }
    shutdown(conn.as_mut());
    let _ = conn.await;
}

/// Looks at the first bytes without taking them. hyper-util's own detection has no limit on how long it waits for them.
async fn speaks_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0; HTTP2_PREFACE.len()];
    loop {
        let seen = stream.peek(&mut first).await?;
        if seen == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if first[..seen] != HTTP2_PREFACE[..seen] {
            return Ok(false);
        }
        if seen == HTTP2_PREFACE.len() {
            return Ok(true);
        }
        // A preface in pieces: peeking again returns the same bytes at once.
        sleep(Duration::from_millis(5)).await;
    }
}
