//! The configuration of a worker: `WorkerConfig` from a file, secrets from the environment.

mod endpoint;
mod worker;

pub use endpoint::{Endpoint, EndpointError, Endpoints};
pub use worker::{ConfigError, load};
