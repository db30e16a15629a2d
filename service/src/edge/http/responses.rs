//! The problems of a route, as OpenAPI describes them.

use std::collections::BTreeMap;

use utoipa::{
    PartialSchema,
    openapi::{Content, Ref, RefOr, Response, ResponseBuilder, header::HeaderBuilder},
};

/// A problem response for each status, for `impl IntoResponses`. 429 and 503 have a `Retry-After`.
pub fn problem_responses(statuses: &[u16]) -> BTreeMap<String, RefOr<Response>> {
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    statuses
        .iter()
        .map(|status| {
            let mut response = ResponseBuilder::new()
                .description(describe(*status))
                .content("application/problem+json", problem.clone());
            if matches!(status, 429 | 503) {
                let seconds = HeaderBuilder::new()
                    .schema(Some(u64::schema()))
                    .description(Some("Whole seconds after which a retry makes sense"))
                    .build();
                response = response.header("Retry-After", seconds);
            }
            (status.to_string(), response.build().into())
        })
        .collect()
}

fn describe(status: u16) -> &'static str {
    match status {
        400 => "The path, the query, a header or the JSON itself is wrong",
        404 => "Nothing is served at this path",
        405 => "The path does not take this method",
        408 => "The body did not arrive in time",
        409 => "It contradicts what is there",
        413 => "The body is too large",
        415 => "The body is not announced as application/json",
        422 => "A field of the body is wrong; `errors` names it",
        429 => "Over the rate limit of this producer",
        500 => "An error inside Hoopoe",
        503 => "A part that is needed is away or full: try again",
        _ => "A problem",
    }
}
