//! The types of Hoopoe's two resources, and of the one document that the operator writes and a worker reads.
//!
//! Pure: no client, no runtime. The operator and the service both depend on this crate and never on each other.

pub mod duration;
pub mod original;
pub mod worker_config;

pub use duration::Span;
pub use worker_config::WorkerConfig;
