//! What the HTTP surfaces of Hoopoe share: those of the service (ingest and inbox) and of the operator (register port
//! and admin port).
//!
//! It knows nothing of notifications and nothing of Kubernetes. Each surface adds its own problems and its own routes.

mod admin;
mod bearer;
mod body;
mod document;
mod problem;
mod problem_kind;
mod query;
mod readiness;
mod server;
pub mod telemetry;

pub use admin::{ReadyzFormat, admin_router};
pub use bearer::{NotBearer, bearer_token};
pub use body::{BodyError, BodyLimits, read_body, require_json};
pub use document::{FieldFault, NoMembers, ProblemDocument, StandardMembers};
pub use problem::{Problem, retry_seconds};
pub use problem_kind::ProblemKind;
pub use query::{BadUrl, Query, is_well_escaped};
pub use readiness::{PartReport, Readiness, Report};
pub use server::{ServeError, ServerLimits, bind, serve};
