//! The answers of the API, as OpenAPI describes them.

use std::collections::BTreeMap;

use serde::Serialize;
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
