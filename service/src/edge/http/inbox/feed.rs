//! `GET /v1/owners/{owner}/feed`.

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Cursor, InboxState, etag::IfNoneMatch, feed_query::feed_query, metrics::Source, schema::ReadProblems};
use crate::{
    edge::http::Problem,
    identity::Readable,
    inbox::{Current, FirstPage},
    notif::Owner,
    store::{Feed, FeedQuery, Filter, Head, Item, Position},
};

/// A page of the inbox.
#[utoipa::path(
    get,
    path = "/v1/owners/{owner}/feed",
    operation_id = "feed",
    description = "Newest first; with `since`, everything that changed after that position, oldest change first. \
        The `ETag` is the same for every page of\n\
        one state of the inbox: send it back as `If-None-Match`, and an unchanged inbox costs a 304.",
    tag = "inbox",
    params(
        Readable,
        (
            "cursor" = Option<String>, Query, min_length = 23, max_length = 23, pattern = "^[A-Za-z0-9_-]{23}$",
            description = "The `next` of the page before; the other parameters stay as they were"
        ),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "How many items; default 20"),
        (
            "since" = Option<String>, Query, pattern = r"^[0-9]{1,18}\.[0-9]{1,18}-[0-9]{1,18}$",
            description = "`<epoch>-<rev>` of a head; takes no filters"
        ),
        ("unread" = Option<bool>, Query, description = "Only unread rows"),
        ("archived" = Option<bool>, Query, description = "The archived rows instead of the others"),
        ("kind" = Option<String>, Query, min_length = 1, max_length = 64, description = "Only this kind"),
        IfNoneMatch,
    ),
    responses((status = 200, description = "A page", body = Page), ReadProblems)
)]
pub(super) async fn feed(
    State(state): State<InboxState>,
    inbox: Readable,
    held: IfNoneMatch,
    RawQuery(query): RawQuery,
) -> Response {
    answer(&state, &inbox, &held, query.as_deref()).await.unwrap_or_else(|problem| {
        state.metrics().count(problem.status().as_u16(), Source::store);
        problem.into_response()
    })
}

async fn answer(
    state: &InboxState,
    inbox: &Readable,
    held: &IfNoneMatch,
    raw: Option<&str>,
) -> Result<Response, Problem> {
    let query = feed_query(inbox.owner(), raw)?;
    let at_least = held.newest().max(since(&query.selection));
    if held.is_some() {
        let Current { value, stale } = state.head(inbox, at_least).await?;
        let position = value.head.position();
        if held.matches(position) {
            return Ok(state.not_modified(position, stale));
        }
    }
    if is_first_page(&query.selection) {
        let Current { value, stale } = state.first_page(inbox, query.limit, at_least).await?;
        let position = value.head.head.position();
        return Ok(state.show(first_page(inbox.owner(), &query.selection, &value), position, stale, Source::page));
    }
    let feed = state.feed(inbox, &query, at_least).await?;
    let position = feed.head.head.position();
    Ok(state.show(page(inbox.owner(), &query, &feed)?, position, false, Source::store))
}

fn since(selection: &Filter) -> Option<Position> {
    match selection {
        Filter::Newest { .. } => None,
        Filter::Changes(since) => Some(since.position),
    }
}

fn is_first_page(selection: &Filter) -> bool {
    matches!(selection, Filter::Newest { before: None, unread: false, archived: false, kind: None })
}

/// The answer around items that are JSON already. Nothing is decoded.
fn first_page(owner: &Owner, selection: &Filter, page: &FirstPage) -> Vec<u8> {
    let next = page.next.map(|rev| Cursor::of(selection).encode(owner, rev));
    let mut body = Vec::with_capacity(page.items.len() + 320);
    body.extend_from_slice(b"{\"head\":");
    // Numbers and ASCII text: writing them to memory cannot fail.
    let _ = serde_json::to_writer(&mut body, &page.head.head);
    body.extend_from_slice(b",\"items\":[");
    body.extend_from_slice(&page.items);
    body.extend_from_slice(b"],\"next\":");
    let _ = serde_json::to_writer(&mut body, &next);
    body.extend_from_slice(b",\"complete_to\":null,\"reset\":false}");
    body
}

/// A page of an inbox and its head, of one moment.
#[derive(Serialize, ToSchema)]
#[schema(as = Feed)]
struct Page<'a> {
    head: &'a Head,
    items: &'a [Item],
    /// The cursor of the next page; null on the last.
    #[schema(required)]
    next: Option<String>,
    /// With `since`: up to which rev the client knows everything once it has applied this page.
    #[schema(required)]
    complete_to: Option<i64>,
    #[doc = "With `since`: the position cannot be continued. `items` are the newest page; drop what you have, go on \
        without `since`."]
    reset: bool,
}

fn page(owner: &Owner, query: &FeedQuery, feed: &Feed) -> Result<Vec<u8>, Problem> {
    let list = Cursor::of(&query.selection);
    let newest = Cursor::Newest { unread: false, archived: false, kind: None };
    let next = feed.items.last().filter(|_| feed.more).map(|last| match (list, feed.reset) {
        (Cursor::Newest { .. }, _) => list.encode(owner, last.rev),
        // A client that is reset starts over with the newest page, and goes on without `since`.
        (Cursor::Changes(_), true) => newest.encode(owner, last.rev),
        (Cursor::Changes(_), false) => list.encode(owner, last.changed_rev),
    });
    let Feed { head, items, more: _, complete_to, reset } = feed;
    let page = Page { head: &head.head, items, next, complete_to: *complete_to, reset: *reset };
    serde_json::to_vec(&page).map_err(|error| {
        tracing::error!(%error, "a page cannot be written as JSON");
        Problem::internal()
    })
}
