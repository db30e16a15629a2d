//! What every worker process has: configuration, logs, health, metrics, and a shutdown.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use hoopoe_crds::WorkerConfig;
use hoopoe_web::{
    Readiness, ReadyzFormat, ServeError, ServerLimits, admin_router, bind, serve,
    telemetry::{LogFormat, Telemetry},
};
use prometheus_client::{metrics::gauge::Gauge, registry::Registry};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    config::{self, Endpoints},
    telemetry,
};

use super::{RoleError, stop};

/// A running worker process.
pub(super) struct Process {
    /// Its configuration.
    pub(super) config: WorkerConfig,
    /// Its servers.
    pub(super) endpoints: Endpoints,
    /// Cancelled by SIGTERM.
    pub(super) stop: CancellationToken,
    /// The health of its parts.
    pub(super) readiness: Readiness,
    registry: Arc<Mutex<Registry>>,
    telemetry: Telemetry,
    admin: JoinHandle<()>,
    admin_stop: CancellationToken,
}

impl Process {
    /// Reads configuration and environment, starts logs, health and metrics.
    pub(super) async fn start(role: &'static str, path: &Path) -> Result<Self, RoleError> {
        let (config, unknown) = config::load(path)?;
        let endpoints = Endpoints::from_env()?;
        let telemetry = telemetry::start(&format!("hoopoe-{role}"), &config.telemetry, LogFormat::Json)?;
        for key in &unknown {
            warn!(key, "ignoring a key of the configuration that this build does not know");
        }
        let mut registry = Registry::default();
        let unknown_keys = Gauge::<i64>::default();
        unknown_keys.set(i64::try_from(unknown.len()).unwrap_or(i64::MAX));
        registry.register("hoopoe_config_unknown_keys", "Keys of the configuration that were ignored", unknown_keys);
        let registry = Arc::new(Mutex::new(registry));
        // Health is served before the role has named its parts. Until then the process is not ready.
        let readiness = Readiness::starting();
        let listener = bind_any(config.admin.port).await?;
        let admin_stop = CancellationToken::new();
        let router = admin_router(readiness.clone(), Arc::clone(&registry), ReadyzFormat::Json);
        let admin = tokio::spawn(serve(listener, router, ServerLimits::default(), admin_stop.clone()));
        info!(role, resource = config.resource.name, namespace = config.resource.namespace, "started");
        let stop = stop::on_signal()?;
        Ok(Self { config, endpoints, stop, readiness, registry, telemetry, admin, admin_stop })
    }

    /// Registers instruments.
    pub(super) fn register<T>(&self, register: impl FnOnce(&mut Registry) -> T) -> T {
        register(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Call it when the role has named its parts. From then on they decide the answer of `/readyz`.
    pub(super) fn named_parts(&self) {
        self.readiness.started();
    }

    /// Makes the process not ready, because the role drains.
    pub(super) fn drain(&self) {
        self.readiness.drain();
    }

    /// Ends the process. Health is served until this call.
    pub(super) async fn finish(self) {
        self.admin_stop.cancel();
        let _ = self.admin.await;
        info!("stopped");
        let telemetry = self.telemetry;
        // The exporter blocks its thread until the collector has answered.
        let _ = tokio::task::spawn_blocking(move || telemetry.shutdown()).await;
    }
}

/// Listens on every address of the machine: on IPv6 and IPv4 if it has both.
pub(super) async fn bind_any(port: u16) -> Result<TcpListener, ServeError> {
    match bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))).await {
        Ok(listener) => Ok(listener),
        Err(ServeError::PortInUse(address)) => Err(ServeError::PortInUse(address)),
        // The machine has no IPv6.
        Err(ServeError::Listen { .. }) => bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))).await,
    }
}
