//! Why a role did not start.

use hoopoe_web::ServeError;

use crate::{
    broker::{BrokerError, TopologyError},
    cache::CacheError,
    config::{ConfigError, EndpointError},
    ingest::TemplateError,
    store::StoreError,
    telemetry::TelemetryError,
};

/// Why a role did not start. Nothing that may mend itself is in it: a server that is away is waited for.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// The configuration file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A URL in the environment.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// Logs or traces.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// A port.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The routing key's template.
    #[error("failed to read producer.routingKey: {0}")]
    RoutingKey(#[from] TemplateError),
    /// The database's settings, or a migration.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The cache's settings.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// What the broker has contradicts the configuration.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// The process's signals.
    #[error("failed to listen for signals: {0}")]
    Signals(#[from] std::io::Error),
}
