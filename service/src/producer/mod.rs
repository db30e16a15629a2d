//! The role `producer`: takes notifications over HTTP and publishes them; a 202 means that the broker has it.

mod batch;
mod idempotency_key;
mod metrics;
mod one;
mod publish;
mod rate;
mod routing_key;
mod schema;
mod state;
mod trace_context;

use axum::Router;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::http::{Guard, surface};

pub use metrics::ProducerMetrics;
pub use routing_key::{RoutingKey, TemplateError};
pub use state::ProducerState;

/// The routes and their description, without a state.
pub fn documented() -> OpenApiRouter<ProducerState> {
    OpenApiRouter::new().routes(routes!(one::send)).routes(routes!(batch::send_batch))
}

/// The routes over a state: to merge with an API's on one port.
pub fn routes(state: ProducerState) -> OpenApiRouter {
    documented().with_state(state)
}

/// All that a producer's listener serves.
pub fn router(state: ProducerState, guard: Guard) -> Router {
    surface(routes(state), guard)
}
