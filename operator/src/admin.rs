//! `/healthz`, `/readyz` and `/metrics`, on a port of their own.

use std::{
    collections::BTreeMap,
    fmt::Write,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{Router, http::StatusCode, response::IntoResponse, routing::get};
use prometheus_client::{encoding::text::encode, registry::Registry};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Whether the operator is ready: its caches were filled once, or it waits to lead. Drops for the stop only.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<State>);

#[derive(Debug, Default)]
struct State {
    ready: AtomicBool,
    degraded: Mutex<BTreeMap<String, String>>,
}

/// Why the port is not served.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The port is taken, or may not be bound.
    #[error("failed to listen on --admin {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl Readiness {
    /// From now on ready, or from now on not.
    pub fn set(&self, ready: bool) {
        self.0.ready.store(ready, Ordering::Relaxed);
    }

    /// Something does not work: `/readyz` says it, and stays as ready as it was.
    pub fn degrade(&self, what: String, why: String) {
        self.0.degraded.lock().unwrap_or_else(PoisonError::into_inner).insert(what, why);
    }

    /// It works again.
    pub fn mend(&self, what: &str) {
        self.0.degraded.lock().unwrap_or_else(PoisonError::into_inner).remove(what);
    }

    fn degraded(&self) -> String {
        let mut text = String::new();
        for (what, why) in &*self.0.degraded.lock().unwrap_or_else(PoisonError::into_inner) {
            // Writing into a text never fails.
            let _ = write!(text, "\ndegraded: {what}: {why}");
        }
        text
    }

    fn get(&self) -> bool {
        self.0.ready.load(Ordering::Relaxed)
    }
}

/// Binds at once and serves in the background until `stop`. The address: what was bound, where port 0 was asked for.
pub async fn serve(
    address: SocketAddr,
    registry: Registry,
    readiness: Readiness,
    stop: CancellationToken,
) -> Result<SocketAddr, AdminError> {
    let bind = |source| AdminError::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(bind)?;
    let bound = listener.local_addr().map_err(bind)?;
    let registry = Arc::new(registry);
    let router = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(move || std::future::ready(ready(&readiness))))
        .route("/metrics", get(move || std::future::ready(metrics(&registry))));
    tokio::spawn(async move {
        let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(%error, "failed to serve the admin port");
        }
    });
    Ok(bound)
}

fn ready(readiness: &Readiness) -> impl IntoResponse + use<> {
    let (status, said) = if readiness.get() {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "starting or stopping")
    };
    (status, format!("{said}{}", readiness.degraded()))
}

fn metrics(registry: &Registry) -> impl IntoResponse + use<> {
    let mut text = String::new();
    match encode(&mut text, registry) {
        Ok(()) => {
            ([("content-type", "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
