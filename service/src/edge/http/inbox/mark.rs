//! `POST /v1/owners/{owner}/feed:mark`.

use std::time::Duration;

use axum::{
    Json,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};

use hoopoe_web::{BodyLimits, Query, read_body, require_json};

use super::{
    InboxState,
    etag::etag,
    mark_body::mark_body,
    mark_schema::MarkSchema,
    schema::{MarkProblems, MarkedAnswer},
};
use crate::{edge::http::Problem, identity::Writable, store::Marked};

/// The most bytes of a body, room enough for a thousand ids, and the time for it, enough for a slow phone.
const BODY: BodyLimits = BodyLimits { bytes: 64 * 1024, time: Duration::from_secs(30) };

/// Marks rows, by id or up to a head.
#[utoipa::path(
    post,
    path = "/v1/owners/{owner}/feed:mark",
    operation_id = "mark",
    description = "Answers with the head that this very change made; its `ETag` is the one to poll with next. \
        Ids that the inbox does not have come back\n\
        as `unknown`.",
    tag = "inbox",
    params(Writable),
    request_body(content = MarkSchema, content_type = "application/json"),
    responses((status = 200, description = "Marked", body = MarkedAnswer), MarkProblems)
)]
pub(super) async fn mark(
    State(state): State<InboxState>,
    inbox: Writable,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    answer(&state, &inbox, &headers, query.as_deref(), body).await.unwrap_or_else(Problem::into_response)
}

async fn answer(
    state: &InboxState,
    inbox: &Writable,
    headers: &HeaderMap,
    query: Option<&str>,
    body: Body,
) -> Result<Response, Problem> {
    Query::parse(query, &[])?;
    require_json(headers)?;
    let mark = mark_body(&read_body(headers, body, BODY).await?)?;
    let Marked { head, unknown, change: _ } = state.mark(inbox, &mark).await?;
    let position = head.head.position();
    Ok(([(header::ETAG, etag(position))], Json(MarkedAnswer { head: head.head, unknown })).into_response())
}
