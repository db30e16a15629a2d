//! The routes of each role, and the OpenAPI 3.1 document of both. The document is made from the code, served by every
//! surface, and committed as `service/openapi.json`.

use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::{
    document::finish,
    inbox::{self, InboxState},
    ingest, original,
};
use crate::ingest::Ingest;

/// The routes of the role `producer`.
pub fn producer_routes(producer: Ingest) -> OpenApiRouter {
    ingest::documented().with_state(producer)
}

/// The routes of the role `api`: the inbox, and those of the original service.
pub fn api_routes(inbox: InboxState) -> OpenApiRouter {
    api_documented().with_state(inbox)
}

fn api_documented() -> OpenApiRouter<InboxState> {
    inbox::documented().merge(original::documented())
}

/// The document of both roles, as `hoopoe openapi` writes it.
pub fn openapi() -> OpenApi {
    let mut document = finish(api_documented().split_for_parts().1);
    document.merge(finish(ingest::documented().split_for_parts().1));
    document
}

/// The text of `service/openapi.json`, without its last line break.
pub fn document() -> String {
    serde_json::to_string_pretty(&openapi()).unwrap_or_default()
}
