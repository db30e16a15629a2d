//! What every OpenAPI document of Hoopoe contains beside its routes.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{Info, License, OpenApi},
};

use super::ProblemDocument;

/// Adds title, version, license, and the schema of problems.
pub(super) fn finish(mut document: OpenApi) -> OpenApi {
    let mut info = Info::new("Hoopoe", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Sends notifications and serves inboxes. Lengths are bytes of UTF-8, so a limit in characters given here is \
         the longest that ASCII text may be. Every error is application/problem+json with a stable `code`."
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
