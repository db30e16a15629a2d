//! HTTP: what every surface has (problems, the guard, proofs of permission), the routes, and their OpenAPI document.

mod document;
mod draining;
mod extract;
mod guard;
mod held_body;
pub mod inbox;
pub mod ingest;
mod metrics;
pub mod openapi;
mod original;
mod parameters;
mod problem;
mod responses;
mod route_names;
mod surface;

pub use draining::Draining;
pub use guard::{Guard, Guarded};
pub use metrics::HttpMetrics;
pub use problem::{Members, Problem, ProblemDocument};
pub use responses::problem_responses;
pub use surface::surface;
