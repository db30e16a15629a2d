//! What the API takes and answers, as OpenAPI describes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{RefOr, Response, ResponseBuilder},
};
use uuid::Uuid;

use crate::{edge::http::problem_responses, store::Head};

/// Where an inbox stands. A row is read when its `read_at` is set or its `unread_rev` is not above `read_upto`; seen likewise.
#[derive(ToSchema)]
#[schema(as = Head)]
#[allow(dead_code, reason = "only its description is used: store::Head is what is sent")]
pub struct HeadSchema {
    /// Which history `rev` belongs to.
    #[schema(pattern = r"^[0-9]+\.[0-9]+$")]
    epoch: String,
    /// The owner's number: rises with every change.
    rev: i64,
    /// How many rows are unread.
    unread: i64,
    /// How many rows are unseen.
    unseen: i64,
    /// A row whose `unread_rev` is not above this is read.
    read_upto: i64,
    /// A row whose `unseen_rev` is not above this is seen.
    seen_upto: i64,
    /// When a row expires next.
    #[schema(required, format = DateTime)]
    next_due: Option<String>,
}

/// A notification as an inbox shows it.
#[derive(ToSchema)]
#[schema(as = Item)]
#[allow(dead_code, reason = "only its description is used: store::Item is what is sent")]
pub(super) struct ItemSchema {
    /// Its identity, for marks.
    id: Uuid,
    /// The sender's own id, where that was no UUID.
    #[schema(required)]
    source_id: Option<String>,
    /// Its position in the inbox.
    rev: i64,
    /// The owner's rev when it last changed.
    changed_rev: i64,
    /// The owner's rev when it last became unread.
    unread_rev: i64,
    /// The owner's rev when it last became unseen.
    unseen_rev: i64,
    /// What happened.
    kind: String,
    /// Who caused it.
    actor: String,
    /// Its title.
    title: String,
    /// Its text.
    body: String,
    /// The sender's JSON, as received.
    #[schema(required)]
    data: Value,
    /// 0 to 9.
    #[schema(minimum = 0, maximum = 9)]
    priority: u8,
    /// When it happened.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it stops being shown.
    #[schema(required, format = DateTime)]
    expires_at: Option<String>,
    /// When it was found expired.
    #[schema(required, format = DateTime)]
    expired_at: Option<String>,
    /// When it was marked seen by itself; see also the head's `seen_upto`.
    #[schema(required, format = DateTime)]
    seen_at: Option<String>,
    /// When it was marked read by itself; see also the head's `read_upto`.
    #[schema(required, format = DateTime)]
    read_at: Option<String>,
    /// When it was archived.
    #[schema(required, format = DateTime)]
    archived_at: Option<String>,
    /// When it was deleted.
    #[schema(required, format = DateTime)]
    deleted_at: Option<String>,
}

/// A page of an inbox and its head, of one moment.
#[derive(ToSchema)]
#[schema(as = Feed)]
#[allow(dead_code, reason = "only its description is used: the first page is put together from bytes")]
pub(super) struct FeedSchema {
    head: HeadSchema,
    items: Vec<ItemSchema>,
    /// The cursor of the next page; null on the last.
    #[schema(required)]
    next: Option<String>,
    /// With `since`: up to which rev the client knows everything once it has applied this page.
    #[schema(required)]
    complete_to: Option<i64>,
    /// With `since`: the position cannot be continued. `items` are the newest page; drop what you have, go on without `since`.
    reset: bool,
}

/// Where the inbox stands.
#[derive(Serialize, ToSchema)]
pub(super) struct HeadAnswer {
    #[schema(value_type = HeadSchema)]
    pub(super) head: Head,
}

/// Which rows become what.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Mark)]
#[allow(dead_code, reason = "only its description is used: mark_body parses")]
pub(super) enum MarkSchema {
    /// These rows.
    Ids(MarkIds),
    /// All that the client had seen.
    UpTo(MarkUpTo),
}

/// Rows by id.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only its description is used: mark_body parses")]
pub(super) struct MarkIds {
    /// The ids of items.
    #[schema(min_items = 1, max_items = 1000)]
    ids: Vec<Uuid>,
    /// What they become.
    #[serde(rename = "as")]
    state: MarkAs,
}

/// What a row becomes.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "only its description is used: mark_body parses")]
pub(super) enum MarkAs {
    Seen,
    Read,
    Unread,
    Archived,
    Unarchived,
}

/// Rows up to a head.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only its description is used: mark_body parses")]
pub(super) struct MarkUpTo {
    /// The `<epoch>-<rev>` of the head that the client saw.
    #[schema(pattern = r"^[0-9]{1,18}\.[0-9]{1,18}-[0-9]{1,18}$")]
    upto: String,
    /// What they become.
    #[serde(rename = "as")]
    state: MarkUpToAs,
}

/// What rows up to a head become.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "only its description is used: mark_body parses")]
pub(super) enum MarkUpToAs {
    Seen,
    Read,
    Archived,
}

/// What a mark did.
#[derive(Serialize, ToSchema)]
#[schema(as = Marked)]
pub(super) struct MarkedAnswer {
    /// The head that this very change made.
    #[schema(value_type = HeadSchema)]
    pub(super) head: Head,
    /// Ids that the inbox does not have.
    pub(super) unknown: Vec<Uuid>,
}

/// The problems of reading, and the 304.
pub(in crate::edge::http) struct ReadProblems;

impl IntoResponses for ReadProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = problem_responses(&[400, 404, 500, 503]);
        let unchanged = ResponseBuilder::new().description("The inbox is as the client has it").build();
        responses.insert("304".to_owned(), unchanged.into());
        responses
    }
}

/// The problems of marking.
pub(super) struct MarkProblems;

impl IntoResponses for MarkProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problem_responses(&[400, 404, 408, 409, 413, 415, 422, 500, 503])
    }
}
