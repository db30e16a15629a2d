//! The role `api`: serves inboxes to the people's apps.

mod cursor;
mod etag;
mod feed;
mod feed_query;
mod head;
mod legacy;
mod mark;
mod mark_body;
mod metrics;
mod read_problem;
mod schema;
mod state;
mod validators;

use axum::Router;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::http::{Guard, surface};

pub use cursor::Cursor;
pub use etag::{FORMAT, IfNoneMatch, etag};
pub use metrics::ApiMetrics;
pub use state::ApiState;

/// The routes and their description, without a state.
pub fn documented() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(feed::feed))
        .routes(routes!(head::head))
        .routes(routes!(mark::mark))
        .routes(routes!(legacy::by_path))
        .routes(routes!(legacy::by_query))
        // The original took a trailing slash in both forms; the document shows each route once.
        .route("/notif/get/owner/{owner}/", axum::routing::get(legacy::by_path))
        .route("/notif/get/owner/", axum::routing::get(legacy::by_query))
}

/// The routes over a state: to merge with a producer's on one port.
pub fn routes(state: ApiState) -> OpenApiRouter {
    documented().with_state(state)
}

/// All that an inbox API's listener serves.
pub fn router(state: ApiState, guard: Guard) -> Router {
    surface(routes(state), guard)
}
