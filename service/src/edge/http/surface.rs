//! Turns a role's routes into the router that a listener serves.

use axum::{
    Router,
    http::header,
    routing::{MethodRouter, get},
};
use bytes::Bytes;
use utoipa_axum::router::OpenApiRouter;

use super::{Guard, Problem, document};

/// The routes of one role, or of several that share a port, with what every surface has: `/openapi.json`, problems
/// instead of bare 404s and 405s, and the guard before everything.
pub fn surface(routes: OpenApiRouter, guard: Guard) -> Router {
    let (served, document) = routes.split_for_parts();
    let document = document::finish(document);
    let templates: Vec<String> = document.paths.paths.keys().cloned().chain(["/openapi.json".to_owned()]).collect();
    served
        .route("/openapi.json", describe(&document))
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(guard.with_routes(templates.into_iter()))
}

fn describe(document: &utoipa::openapi::OpenApi) -> MethodRouter {
    let json = Bytes::from(serde_json::to_vec_pretty(document).unwrap_or_default());
    get(move || async move { ([(header::CONTENT_TYPE, "application/json")], json) })
}
