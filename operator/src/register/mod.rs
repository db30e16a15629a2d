//! `/notif/register` in a cluster: a caller who may make resources may register them here, in the original service's
//! form too.
//!
//! Every call to the API server carries the caller's own bearer token, so that its RBAC, admission and audit decide and
//! name the caller; the operator's own credentials are never used. Off unless `--register` gives an address. The token
//! comes over plain HTTP: TLS is terminated in front of this port, as for the workers.

mod args;
mod caller;
mod metrics;
mod notification;
mod query;
mod refusal;
mod resources;
mod routes;
mod settings;

pub use args::{RegisterArgs, RegisterError};
pub use metrics::RegisterMetrics;
pub use routes::{LIMITS, router};
pub use settings::{RegisterSecrets, RegisterSecretsError, RegisterSettings};
