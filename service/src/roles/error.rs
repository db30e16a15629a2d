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

/// Why a role did not start. An outage is no such error: a role waits for a server that cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// The configuration file cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A URL in the environment cannot be used.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// Logs or traces did not start.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// A port cannot be opened.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The routing key's template is wrong.
    #[error("failed to read producer.routingKey: it {0}")]
    RoutingKey(#[from] TemplateError),
    /// The database's settings are wrong, or a migration failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The cache's settings are wrong.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The broker did not open.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// What exists on the broker contradicts the configuration.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// The process cannot listen to signals.
    #[error("failed to listen for signals: {0}")]
    Signals(#[from] std::io::Error),
}
