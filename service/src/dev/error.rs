//! Why `hoopoe dev`, or one of its resources, did not start.

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

/// Why `hoopoe dev`, or one of its resources, did not start.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// A file or folder cannot be read or written.
    #[error("failed to use {path}: {source}")]
    File {
        /// The path.
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
        /// The broken rules.
        invalid: Vec<Invalid>,
    },
    /// There is nothing to run.
    #[error("failed to find a NotifProducer or NotifConsumer in the files given with -f")]
    Nothing,
    /// A URL in the environment cannot be used.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// Logs did not start.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// A port cannot be opened.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The broker did not open.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// A part that a worker needs failed.
    #[error(transparent)]
    Role(#[from] RoleError),
    /// The exchange, the queue or its bindings cannot be declared.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// The routing key's template is wrong.
    #[error("failed to read spec.routingKey: it {0}")]
    RoutingKey(#[from] TemplateError),
    /// The process cannot listen to signals.
    #[error("failed to listen for signals: {0}")]
    Signals(std::io::Error),
}

fn list(invalid: &[Invalid]) -> String {
    invalid.iter().map(|rule| format!("{} {}", rule.field, rule.detail)).collect::<Vec<_>>().join("; ")
}
