//! The routes of the role `producer`: a 202 means that the broker has the notification.

mod batch;
mod idempotency_key;
mod notification_schema;
mod one;
mod request;
mod schema;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::ingest::Ingest;

/// The routes and their description, without a state.
pub(super) fn documented() -> OpenApiRouter<Ingest> {
    OpenApiRouter::new().routes(routes!(one::send)).routes(routes!(batch::send_batch))
}
