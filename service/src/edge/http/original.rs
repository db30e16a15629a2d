//! `GET /notif/get/owner/`: the polling route of the original hoopoe service, with its envelope and its names.

mod query;
mod schema;

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use hoopoe_web::Query;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::{
    query::{LegacyQuery, Rows},
    schema::{LegacyAnswer, LegacyData, LegacyNotification},
};
use super::{
    Problem,
    inbox::{IfNoneMatch, InboxState, ReadProblems, Source},
    parameters::OwnerInQuery,
};
use crate::{
    identity::{Caller, Readable},
    inbox::Current,
    notif::Owner,
    store::{Head, Item, Window},
};

/// The routes and their description, without a state.
pub(super) fn documented() -> OpenApiRouter<InboxState> {
    OpenApiRouter::new()
        .routes(routes!(by_path))
        .routes(routes!(by_query))
        // The original accepted a trailing slash in both forms. The document shows each route once.
        .route("/notif/get/owner/{owner}/", axum::routing::get(by_path))
        .route("/notif/get/owner/", axum::routing::get(by_query))
}

/// An inbox as the original service showed it; the owner in the path.
#[utoipa::path(
    get,
    path = "/notif/get/owner/{owner}",
    operation_id = "legacyByPath",
    tag = "original",
    params(Readable, LegacyQuery, IfNoneMatch),
    responses((status = 200, description = "The rows", body = LegacyAnswer), ReadProblems)
)]
async fn by_path(
    State(state): State<InboxState>,
    inbox: Readable,
    held: IfNoneMatch,
    RawQuery(query): RawQuery,
) -> Response {
    let answered = async {
        let query = Query::parse(query.as_deref(), &LegacyQuery::NAMES)?;
        answer(&state, &inbox, &held, LegacyQuery::read(&query)?).await
    };
    finish(&state, answered.await)
}

/// An inbox as the original service showed it; the owner in the query.
#[utoipa::path(
    get,
    path = "/notif/get/owner",
    operation_id = "legacyByQuery",
    tag = "original",
    params(OwnerInQuery, LegacyQuery, IfNoneMatch),
    responses((status = 200, description = "The rows", body = LegacyAnswer), ReadProblems)
)]
async fn by_query(
    State(state): State<InboxState>,
    caller: Caller,
    held: IfNoneMatch,
    RawQuery(query): RawQuery,
) -> Response {
    let answered = async {
        let query = Query::parse(query.as_deref(), &[&["owner"], &LegacyQuery::NAMES[..]].concat())?;
        let owner = query.get("owner").ok_or_else(|| Problem::bad_parameter("owner", "is required"))?;
        let inbox = caller.readable(Owner::parse(owner)?)?;
        answer(&state, &inbox, &held, LegacyQuery::read(&query)?).await
    };
    finish(&state, answered.await)
}

fn finish(state: &InboxState, answered: Result<Response, Problem>) -> Response {
    answered.unwrap_or_else(|problem| {
        state.metrics().count(problem.status().as_u16(), Source::store);
        problem.into_response()
    })
}

async fn answer(
    state: &InboxState,
    inbox: &Readable,
    held: &IfNoneMatch,
    query: LegacyQuery,
) -> Result<Response, Problem> {
    let Rows { places, page_size, unread } = query.rows()?;
    let from = places.start;
    if held.is_some() {
        let Current { value, stale } = state.head(inbox, held.newest()).await?;
        let position = value.head.position();
        if held.matches(position) {
            return Ok(state.not_modified(position, stale));
        }
    }
    let window = state.window(inbox, places, unread, held.newest()).await?;
    let position = window.head.head.position();
    let body = serde_json::to_vec(&envelope(inbox.owner(), window, from, page_size)).map_err(|error| {
        tracing::error!(%error, "a window cannot be written as JSON");
        Problem::internal()
    })?;
    Ok(state.show(body, position, false, Source::store))
}

fn envelope(owner: &Owner, window: Window, from: u64, page_size: u64) -> LegacyAnswer {
    let Window { head, items, total } = window;
    LegacyAnswer {
        data: LegacyData {
            notifs: items.into_iter().map(|item| original(owner, &head.head, item)).collect(),
            items: total,
            pages: total.div_ceil(page_size),
            current_page: from / page_size + 1,
        },
        message: "notifications of this owner, newest first",
        is_err: false,
        status: 200,
        meta: None,
    }
}

/// A row under the original's names.
fn original(owner: &Owner, head: &Head, item: Item) -> LegacyNotification {
    LegacyNotification {
        id: item.rev,
        receiver_info: owner.to_string(),
        nid: item.source_id.unwrap_or_else(|| item.id.to_string()),
        action_data: item.data,
        actioner_info: item.actor,
        action_type: item.kind,
        fired_at: item.created_at,
        is_seen: item.seen_at.is_some() || item.unseen_rev <= head.seen_upto,
    }
}
