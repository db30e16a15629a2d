//! The OpenAPI 3.1 document, made from the code: served by every surface, and committed as `service/openapi.json`.

use std::collections::BTreeMap;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{Content, Info, License, OpenApi, RefOr, Response, ResponseBuilder, header::HeaderBuilder},
};

use super::ProblemDocument;
use crate::{api, producer};

/// The document of both roles, as `hoopoe openapi` writes it.
pub fn openapi() -> OpenApi {
    let routes = producer::documented().split_for_parts().1;
    let mut document = finish(api::documented().split_for_parts().1);
    document.merge(finish(routes));
    document
}

/// The text of `service/openapi.json`, without its last line break.
pub fn document() -> String {
    serde_json::to_string_pretty(&openapi()).unwrap_or_default()
}

/// What every document has beside its routes.
pub(super) fn finish(mut document: OpenApi) -> OpenApi {
    let mut info = Info::new("Hoopoe", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Sends notifications and serves inboxes. Lengths are bytes of UTF-8, so a limit in characters given here is the \
         longest that ASCII text may be. Every error is application/problem+json with a stable `code`."
            .to_owned(),
    );
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".to_owned());
    info.license = Some(license);
    document.info = info;
    let components = document.components.get_or_insert_default();
    components.schemas.insert("Problem".to_owned(), ProblemDocument::schema());
    let mut referenced = Vec::new();
    ProblemDocument::schemas(&mut referenced);
    components.schemas.extend(referenced);
    document
}

/// A problem response for each status, for `impl IntoResponses`; 429 and 503 with their `Retry-After`.
pub fn problem_responses(statuses: &[u16]) -> BTreeMap<String, RefOr<Response>> {
    let problem = Content::new(Some(utoipa::openapi::Ref::from_schema_name("Problem")));
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
