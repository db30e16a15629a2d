//! Health and metrics, on a port of their own that no public route leads to.

use std::{
    fmt::Write,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus_client::{encoding::text::encode, registry::Registry};

use crate::{NoMembers, Problem, Readiness, Report};

/// How `/readyz` writes its report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadyzFormat {
    /// The whole report: the workers.
    Json,
    /// One line, and one more for each thing that does not work. For the operator, where people read it with `curl`.
    Text,
}

#[derive(Clone)]
struct Admin {
    readiness: Readiness,
    registry: Arc<Mutex<Registry>>,
    format: ReadyzFormat,
}

/// `/healthz`, `/readyz` and `/metrics`. The registry stays open: a worker that is registered at run time adds to it.
pub fn admin_router(readiness: Readiness, registry: Arc<Mutex<Registry>>, format: ReadyzFormat) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .fallback(|| async { Problem::<NoMembers>::not_found() })
        .method_not_allowed_fallback(|| async { Problem::<NoMembers>::method_not_allowed() })
        .with_state(Admin { readiness, registry, format })
}

async fn ready(State(admin): State<Admin>) -> Response {
    let report = admin.readiness.report();
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    match admin.format {
        ReadyzFormat::Json => (status, axum::Json(report)).into_response(),
        ReadyzFormat::Text => (status, text(&report)).into_response(),
    }
}

fn text(report: &Report) -> String {
    let mut text = String::from(if report.ready { "ok" } else { "starting or stopping" });
    for (what, why) in &report.degraded {
        // Writing to a String cannot fail.
        let _ = write!(text, "\ndegraded: {what}: {why}");
    }
    text
}

async fn metrics(State(admin): State<Admin>) -> Response {
    let mut text = String::with_capacity(16 * 1024);
    let registry = admin.registry.lock().unwrap_or_else(PoisonError::into_inner);
    match encode(&mut text, &registry) {
        Ok(()) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(_) => Problem::<NoMembers>::internal().into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_names_what_does_not_work() {
        let readiness = Readiness::starting();
        assert_eq!(text(&readiness.report()), "starting or stopping");
        readiness.started();
        assert_eq!(text(&readiness.report()), "ok");
        readiness.degrade("a watch".to_owned(), "forbidden".to_owned());
        assert_eq!(text(&readiness.report()), "ok\ndegraded: a watch: forbidden");
        readiness.mend("a watch");
        assert_eq!(text(&readiness.report()), "ok");
        readiness.drain();
        assert_eq!(text(&readiness.report()), "starting or stopping");
    }
}
