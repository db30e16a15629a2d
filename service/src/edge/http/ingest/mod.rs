//! The routes of the role `producer`: a 202 means that the broker has the notification.

mod batch;
mod idempotency_key;
mod one;
mod schema;

use std::time::Duration;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::ingest::Ingest;

/// How long a body may take: 16 MiB at 5 Mbit/s.
const BODY_TIME: Duration = Duration::from_secs(30);

/// The routes and their description, without a state.
pub(super) fn documented() -> OpenApiRouter<Ingest> {
    OpenApiRouter::new().routes(routes!(one::send)).routes(routes!(batch::send_batch))
}
