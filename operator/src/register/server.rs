//! The register port's server: HTTP/1.1, bounded in connections and in patience. `axum::serve` has neither bound.

use std::{sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::Semaphore, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Connections at once; more wait in the listener's backlog.
const CONNECTIONS: usize = 256;
/// How long a request's head may take, idle time between two requests included.
const HEAD: Duration = Duration::from_secs(30);
/// How long requests in progress may take once it stops: one may wait that long for a producer to be Ready.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until `stop`; then takes no new connection, lets the requests in progress finish for ten seconds, and returns.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let (slots, connections) = (Arc::new(Semaphore::new(CONNECTIONS)), TaskTracker::new());
    let abort = CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = async { (Arc::clone(&slots).acquire_owned().await, listener.accept().await) } => accepted,
        };
        let (Ok(slot), Ok((stream, _))) = accepted else {
            // Out of file descriptors, most often: what helps is to wait for some to be closed.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let (stop, abort) = (stop.clone(), abort.clone());
        connections.spawn(async move {
            let _slot = slot;
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
            let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
            // An ended connection is no event of ours: clients hang up whenever they like.
            tokio::select! {
                _ = connection.as_mut() => return,
                () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
            }
            tokio::select! {
                _ = connection.as_mut() => {}
                () = abort.cancelled() => {}
            }
        });
    }
    drop(listener);
    connections.close();
    if timeout(DRAIN, connections.wait()).await.is_err() {
        abort.cancel();
        connections.wait().await;
    }
}
