//! The requests and answers of the API, as OpenAPI describes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{RefOr, Response, ResponseBuilder},
};
use uuid::Uuid;

use crate::{edge::http::problem_responses, store::Head};

/// Where the inbox stands.
#[derive(Serialize, ToSchema)]
pub(super) struct HeadAnswer {
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
