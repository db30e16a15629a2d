//! `POST /v1/notifications`.

use axum::{
    Json,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use tracing::Instrument;

use super::{
    ProducerState,
    idempotency_key::idempotency_key,
    schema::{AcceptedSchema, NotificationSchema, SendProblems},
    trace_context::{outgoing, request_span},
};
use crate::{
    http::{Caller, Identified, Problem, Query, read_body, require_json},
    notif::from_http,
};

/// Sends one notification.
///
/// 202 means that the broker has confirmed it. 429 and 503 carry the notification's `id`: a retry with it cannot make a second one.
#[utoipa::path(
    post,
    path = "/v1/notifications",
    operation_id = "sendNotification",
    tag = "producer",
    params((
        "Idempotency-Key" = Option<String>, Header, nullable = false, min_length = 1, max_length = 255, pattern = "^[!-~]{1,255}$",
        description = "Makes the notification's id where the body has none, so that a repeat of the request is no second notification"
    )),
    request_body(content = NotificationSchema, content_type = "application/json"),
    responses((status = 202, description = "The broker has it", body = AcceptedSchema), SendProblems)
)]
pub(super) async fn send(
    State(state): State<ProducerState>,
    caller: Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    let span = request_span("POST /v1/notifications", &headers);
    let sent = accept(&state, &caller, &headers, query.as_deref(), body).instrument(span).await;
    match sent {
        Ok(accepted) => {
            state.0.metrics.accepted();
            (StatusCode::ACCEPTED, Json(accepted)).into_response()
        }
        Err(refused) => {
            state.0.metrics.refused(&refused.problem);
            refused.into_response()
        }
    }
}

async fn accept(
    state: &ProducerState,
    caller: &Caller,
    headers: &HeaderMap,
    query: Option<&str>,
    body: Body,
) -> Result<AcceptedSchema, Identified> {
    caller.may_publish()?;
    Query::parse(query, &[])?;
    require_json(headers)?;
    let key = idempotency_key(headers)?;
    let state = &*state.0;
    let body = read_body(headers, body, state.body_bytes).await?;
    let notification = from_http(&body, &state.arrival(key, None)).map_err(Problem::from)?;
    let id = notification.id;
    state.publish(&notification, &outgoing(headers)).await.map_err(|problem| Identified { problem, id: Some(id) })?;
    Ok(AcceptedSchema { id })
}
