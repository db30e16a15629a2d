//! `GET /v1/owners/{owner}/head`: the badge.

use axum::{
    extract::{RawQuery, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};

use super::{
    ApiState,
    etag::IfNoneMatch,
    metrics::Source,
    schema::{HeadAnswer, ReadProblems},
    state::Inner,
};
use crate::{
    http::{Caller, OwnerPath, Problem, Query},
    inbox::Current,
    notif::Owner,
};

/// Where the inbox stands: everything a badge needs.
#[utoipa::path(
    get,
    path = "/v1/owners/{owner}/head",
    operation_id = "head",
    tag = "inbox",
    params(
        ("owner" = String, Path, min_length = 1, max_length = 190, pattern = r"^[^\u0000-\u001f\u007f-\u009f]+$", description = "Whose inbox, percent-encoded: a slash is %2F"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier answer"),
    ),
    responses((status = 200, description = "The head", body = HeadAnswer), ReadProblems)
)]
pub(super) async fn head(
    State(state): State<ApiState>,
    OwnerPath(owner): OwnerPath,
    caller: Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    answer(&state.0, &owner, &caller, &headers, query.as_deref()).await.unwrap_or_else(|problem| {
        state.0.metrics.count(problem.status().as_u16(), Source::head);
        problem.into_response()
    })
}

async fn answer(
    state: &Inner,
    owner: &Owner,
    caller: &Caller,
    headers: &HeaderMap,
    raw: Option<&str>,
) -> Result<Response, Problem> {
    caller.may_read(owner)?;
    Query::parse(raw, &[])?;
    let held = IfNoneMatch::read(headers);
    let Current { value, stale } = state.reader.head(owner, held.newest()).await?;
    let position = value.head.position();
    if held.matches(position) {
        return Ok(state.not_modified(position, stale));
    }
    // Numbers and ASCII text: writing them to memory cannot fail.
    let body = serde_json::to_vec(&HeadAnswer { head: value.head }).unwrap_or_default();
    Ok(state.show(body, position, stale, Source::head))
}
