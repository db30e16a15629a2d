//! The routes.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    extract::{RawQuery, Request, State},
    http::{HeaderMap, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use hoopoe_crds::register::{self, MAX_BYTES, PATH, Registration};
use hoopoe_web::{BodyLimits, ServerLimits, read_body, require_json};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{
    RegisterMetrics, RegisterSettings, caller, notification,
    query::Wanted,
    refusal::{Problem, Refusal},
    resources::{self, kind_of},
};
use crate::resource::Kind;

/// Requests at once: each may hold a body and a connection to the API server, some for half a minute.
const MAX_REQUESTS: usize = 32;

/// The limits of the port's server. A request may wait for a producer to be Ready as long as the stop allows.
pub const LIMITS: ServerLimits = ServerLimits {
    connections: 256,
    first_byte: Duration::from_secs(30),
    head: Duration::from_secs(30),
    drain: Duration::from_secs(10),
};

/// How long a body may take: 256 KiB at 100 kbit/s.
const BODY: BodyLimits = BodyLimits { bytes: MAX_BYTES, time: Duration::from_secs(20) };

/// Runs before every route.
#[derive(Clone)]
struct Gate {
    slots: Arc<Semaphore>,
    metrics: RegisterMetrics,
}

/// The routes.
pub fn router(settings: RegisterSettings, metrics: RegisterMetrics) -> Router {
    let gate = Gate { slots: Arc::new(Semaphore::new(MAX_REQUESTS)), metrics };
    let routes = get(list).post(add).delete(remove).fallback(|| async { Problem::method_not_allowed() });
    Router::new()
        .route(PATH, routes)
        .fallback(|| async { Problem::not_found() })
        .layer(middleware::from_fn_with_state(gate, pass))
        .with_state(Arc::new(settings))
}

/// Limits the requests at once, and counts the answers.
async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let response = match gate.slots.try_acquire() {
        Ok(_slot) => next.run(request).await,
        Err(_) => Refusal::Busy.into_response(),
    };
    gate.metrics.count(&method, response.status().as_u16());
    response
}

async fn add(State(settings): State<Arc<RegisterSettings>>, headers: HeaderMap, body: Body) -> Response {
    let added = async {
        let client = caller::client(&headers, &settings.cluster)?;
        require_json(&headers)?;
        let body = read_body(&headers, body, BODY).await?;
        let asked = Registration::read(&body, &settings.namespace, &settings.secrets.names())?;
        let prepared: Vec<_> = asked
            .resources
            .into_iter()
            .map(|requested| resources::prepared(requested, &settings.namespace))
            .collect::<Result<_, _>>()?;
        let applied = resources::apply(&client, &settings.namespace, &prepared).await?;
        let notif = match asked.notif_data {
            Some(notif) => Some(notification::send(&settings, &client, &applied, &notif).await),
            None => None,
        };
        let data = json!({ "resources": applied, "notif": notif, "warnings": asked.warnings });
        Ok::<_, Refusal>(envelope(StatusCode::CREATED, "registered", &data))
    };
    added.await.unwrap_or_else(IntoResponse::into_response)
}

async fn list(
    State(settings): State<Arc<RegisterSettings>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let listed = async {
        let client = caller::client(&headers, &settings.cluster)?;
        let wanted = Wanted::parse(query.as_deref())?;
        let mut found = Vec::new();
        for kind in [Kind::Producer, Kind::Consumer] {
            if wanted.kind.as_deref().is_none_or(|wanted| kind_of(wanted) == Some(kind)) {
                found.extend(resources::list(&client, &settings.namespace, kind, wanted.name.as_deref()).await?);
            }
        }
        Ok::<_, Refusal>(envelope(StatusCode::OK, "fetched", &json!({ "resources": found })))
    };
    listed.await.unwrap_or_else(IntoResponse::into_response)
}

async fn remove(
    State(settings): State<Arc<RegisterSettings>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let removed = async {
        let client = caller::client(&headers, &settings.cluster)?;
        let (kind, name) = Wanted::parse(query.as_deref())?.both()?;
        let known = kind_of(&kind).ok_or(Refusal::NoResource)?;
        resources::remove(&client, &settings.namespace, known, &name).await?;
        Ok::<_, Refusal>(envelope(StatusCode::OK, "removed", &json!({ "kind": kind, "name": name })))
    };
    removed.await.unwrap_or_else(IntoResponse::into_response)
}

/// The envelope of the original service.
fn envelope(status: StatusCode, message: &str, data: &Value) -> Response {
    (status, Json(register::envelope(status.as_u16(), message, data))).into_response()
}
