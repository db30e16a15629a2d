//! `GET /v1/owners/{owner}/head`: the badge.

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use hoopoe_web::Query;

use super::{
    InboxState,
    etag::IfNoneMatch,
    metrics::Source,
    schema::{HeadAnswer, ReadProblems},
};
use crate::{edge::http::Problem, identity::Readable, inbox::Current};

/// Where the inbox stands: everything a badge needs.
#[utoipa::path(
    get,
    path = "/v1/owners/{owner}/head",
    operation_id = "head",
    tag = "inbox",
    params(Readable, IfNoneMatch),
    responses((status = 200, description = "The head", body = HeadAnswer), ReadProblems)
)]
pub(super) async fn head(
    State(state): State<InboxState>,
    inbox: Readable,
    held: IfNoneMatch,
    RawQuery(query): RawQuery,
) -> Response {
    answer(&state, &inbox, &held, query.as_deref()).await.unwrap_or_else(|problem| {
        state.metrics().count(problem.status().as_u16(), Source::head);
        problem.into_response()
    })
}

async fn answer(
    state: &InboxState,
    inbox: &Readable,
    held: &IfNoneMatch,
    raw: Option<&str>,
) -> Result<Response, Problem> {
    Query::parse(raw, &[])?;
    let Current { value, stale } = state.head(inbox, held.newest()).await?;
    let position = value.head.position();
    if held.matches(position) {
        return Ok(state.not_modified(position, stale));
    }
    // Numbers and ASCII text: writing them to memory cannot fail.
    let body = serde_json::to_vec(&HeadAnswer { head: value.head }).unwrap_or_default();
    Ok(state.show(body, position, stale, Source::head))
}
