//! `POST /v1/notifications`.

use axum::{
    Json,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use hoopoe_web::{BodyLimits, Query, read_body, require_json};
use tracing::Instrument;

use super::{
    BODY_TIME,
    idempotency_key::idempotency_key,
    schema::{AcceptedSchema, NotificationSchema, SendProblems},
};
use crate::{
    edge::http::Problem,
    identity::MayPublish,
    ingest::Ingest,
    telemetry::propagation::{outgoing, request_span},
};

/// Sends one notification.
#[utoipa::path(
    post,
    path = "/v1/notifications",
    operation_id = "sendNotification",
    description = "202 means that the broker has confirmed it. 429 and 503 carry the notification's `id`: \
        a retry with it cannot make a second one.",
    tag = "producer",
    params((
        "Idempotency-Key" = Option<String>, Header, nullable = false, min_length = 1, max_length = 255, pattern = "^[!-~]{1,255}$",
        description = "Makes the notification's id where the body has none, so that a repeat of the request is no second notification"
    )),
    request_body(content = NotificationSchema, content_type = "application/json"),
    responses((status = 202, description = "The broker has it", body = AcceptedSchema), SendProblems)
)]
pub(super) async fn send(
    State(ingest): State<Ingest>,
    may_publish: MayPublish,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    let span = request_span("POST /v1/notifications", &headers);
    match accept(&ingest, &may_publish, &headers, query.as_deref(), body).instrument(span).await {
        Ok(accepted) => {
            ingest.metrics().accepted();
            (StatusCode::ACCEPTED, Json(accepted)).into_response()
        }
        Err(problem) => {
            ingest.metrics().refused(problem.code());
            problem.into_response()
        }
    }
}

async fn accept(
    ingest: &Ingest,
    may_publish: &MayPublish,
    headers: &HeaderMap,
    query: Option<&str>,
    body: Body,
) -> Result<AcceptedSchema, Problem> {
    Query::parse(query, &[])?;
    require_json(headers)?;
    let key = idempotency_key(headers)?;
    let body = read_body(headers, body, BodyLimits { bytes: ingest.body_bytes(), time: BODY_TIME }).await?;
    let id = ingest.send(may_publish, &body, key, &outgoing(headers)).await?;
    Ok(AcceptedSchema { id })
}
