//! The types of Hoopoe's two resources, and of the one document that the operator writes and a worker reads.
//!
//! Pure: no client, no runtime. The operator and the service both depend on this crate and never on each other.

pub mod consumer;
pub mod duration;
pub mod environment;
pub mod manifest;
pub mod original;
pub mod policy;
pub mod ports;
pub mod producer;
pub mod register;
mod rule;
mod schema;
pub mod secrets;
pub mod status;
mod unknown_keys;
pub mod validate;
pub mod worker_config;
pub mod worker_configs;
pub mod workload;
mod yaml;

pub use consumer::NotifConsumer;
pub use duration::Span;
pub use manifest::{Manifest, ManifestError};
pub use producer::NotifProducer;
pub use validate::{Invalid, Spec, validate};
pub use worker_config::WorkerConfig;
