//! `/healthz`, `/readyz` and `/metrics`, on a port of their own.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use hoopoe_web::{ReadyzFormat, ServeError, ServerLimits, admin_router, bind};
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

/// Whether the operator is ready: its caches were filled once, or it waits to lead. It stops being ready only to drain.
pub use hoopoe_web::Readiness;

/// Why the port is not served.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The port is taken, or may not be bound.
    #[error("{0} (--admin)")]
    Bind(#[from] ServeError),
    /// The system does not say which port it gave.
    #[error("failed to read the address of --admin: {0}")]
    Address(#[source] std::io::Error),
}

/// Binds at once and serves in the background until `stop`. Returns the bound address, which matters where port 0 was
/// asked for.
pub async fn serve(
    address: SocketAddr,
    registry: Registry,
    readiness: Readiness,
    stop: CancellationToken,
) -> Result<SocketAddr, AdminError> {
    let listener = bind(address).await?;
    let bound = listener.local_addr().map_err(AdminError::Address)?;
    let router = admin_router(readiness, Arc::new(Mutex::new(registry)), ReadyzFormat::Text);
    tokio::spawn(hoopoe_web::serve(listener, router, ServerLimits::default(), stop));
    Ok(bound)
}
