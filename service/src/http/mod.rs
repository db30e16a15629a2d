//! What every HTTP surface of Hoopoe shares: one form of error, one place for the caller's identity, one server.

mod admin;
mod body;
mod caller;
mod guard;
mod metrics;
pub mod openapi;
mod owner_path;
mod problem;
mod problem_answer;
mod problem_document;
mod query;
mod readiness;
mod route_names;
mod server;
mod surface;

pub use admin::admin_router;
pub use body::{read_body, require_json};
pub use caller::Caller;
pub use guard::{Guard, Guarded};
pub use metrics::HttpMetrics;
pub use openapi::{openapi, problem_responses};
pub use owner_path::OwnerPath;
pub use problem::Problem;
pub use problem_answer::Identified;
pub(crate) use problem_answer::retry_seconds;
pub use problem_document::{FieldFault, ProblemDocument};
pub use query::Query;
pub use readiness::Readiness;
pub use server::{ServeError, ServerLimits, bind, serve};
pub use surface::surface;
