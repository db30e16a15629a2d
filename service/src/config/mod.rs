//! What a worker is told: `WorkerConfig` from a file, secrets from the environment.

mod endpoint;

pub use endpoint::{Endpoint, EndpointError, Endpoints};
