//! Why `hoopoe dev` did not start, or a resource of it.

use std::path::PathBuf;

use hoopoe_crds::{Invalid, ManifestError};

use hoopoe_web::ServeError;

use crate::{
    broker::{BrokerError, TopologyError},
    config::EndpointError,
    ingest::TemplateError,
    roles::RoleError,
    store::StoreError,
    telemetry::TelemetryError,
};

/// Why `hoopoe dev` did not start, or a resource of it.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// A file or folder cannot be read or written.
    #[error("failed to use {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file holds no readable manifests.
    #[error("{path}: {source}")]
    Manifest {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: ManifestError,
    },
    /// A manifest breaks rules.
    #[error("failed to start {kind} {name}: {}", list(.invalid))]
    Invalid {
        /// The resource's kind.
        kind: &'static str,
        /// The resource's name.
        name: String,
        /// The rules.
        invalid: Vec<Invalid>,
    },
    /// Nothing to run.
    #[error("failed to find a NotifProducer or NotifConsumer in the files given with -f")]
    Nothing,
    /// A URL in the environment.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// Logs.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// A port.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// What a worker needs as well.
    #[error(transparent)]
    Role(#[from] RoleError),
    /// Exchange, queue or bindings.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// The routing key's template.
    #[error("failed to read spec.routingKey: {0}")]
    RoutingKey(#[from] TemplateError),
    /// The process's signals.
    #[error("failed to listen for signals: {0}")]
    Signals(std::io::Error),
}

fn list(invalid: &[Invalid]) -> String {
    invalid.iter().map(|rule| format!("{} {}", rule.field, rule.detail)).collect::<Vec<_>>().join("; ")
}
