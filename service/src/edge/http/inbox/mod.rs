//! The routes of the role `api`, which serves inboxes to apps.

mod cursor;
mod etag;
mod feed;
mod feed_query;
mod head;
mod mark;
mod mark_body;
mod mark_schema;
mod metrics;
mod schema;
mod state;
mod validators;

use utoipa_axum::{router::OpenApiRouter, routes};

pub use cursor::Cursor;
pub use etag::{FORMAT, IfNoneMatch, etag};
pub use metrics::{ApiMetrics, PollLabels, Source};
pub(super) use schema::ReadProblems;
pub use state::InboxState;

/// The routes and their description, without a state.
pub(super) fn documented() -> OpenApiRouter<InboxState> {
    OpenApiRouter::new().routes(routes!(feed::feed)).routes(routes!(head::head)).routes(routes!(mark::mark))
}
