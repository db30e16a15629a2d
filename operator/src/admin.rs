//! `/healthz`, `/readyz` and `/metrics`, on a port of their own.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use hoopoe_web::{ReadyzFormat, ServeError, ServerLimits, admin_router, bind};
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

/// Whether the operator is ready: its caches are filled, or it waits to lead. Once it is ready, it stays ready until it
/// drains.
pub use hoopoe_web::Readiness;

/// Why the admin port cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Another process has the port, or we may not bind it.
    #[error("{0} (--admin)")]
    Bind(#[from] ServeError),
    /// The system does not say which port it chose.
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
