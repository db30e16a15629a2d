//! `/notif/register` in a cluster: whoever may make resources may register them here, in the original service's form too.
//!
//! The caller's own bearer token makes every call to the API server, so that its RBAC, admission and audit decide and name the caller;
//! the operator's own credentials are never used. Off unless `--register` gives an address. The token comes over plain HTTP: what
//! terminates TLS stands before it, as before the workers.

mod args;
mod body;
mod caller;
mod metrics;
mod notification;
mod problem;
mod query;
mod resources;
mod routes;
mod server;
mod settings;

pub use args::{RegisterArgs, RegisterError};
pub use metrics::RegisterMetrics;
pub use routes::router;
pub use server::serve;
pub use settings::{RegisterSecrets, RegisterSecretsError, RegisterSettings};
