//! `/notif/register`: starts, lists and removes producers and consumers at run time.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use hoopoe_crds::{
    original::SecretNames,
    register::{self, MAX_BYTES, PATH, Registration, RegistrationError},
};
use hoopoe_web::{BadUrl, BodyLimits, FieldFault, Query, read_body, require_json};
use serde_json::{Value, json};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

use crate::{
    edge::http::{Guard, Problem},
    identity::MayPublish,
};

use super::{
    DevError,
    supervisor::{Listed, Supervisor},
};

/// How long to retry the notification of a registration, because its queue may be bound a moment later.
const SEND_LIMIT: Duration = Duration::from_secs(5);

/// The most bytes of a registration.
const BODY: BodyLimits = BodyLimits { bytes: MAX_BYTES, time: Duration::from_secs(30) };

type SharedSupervisor = Arc<Mutex<Supervisor>>;

/// The routes, behind the guard that identifies the caller.
pub(super) fn router(supervisor: SharedSupervisor, guard: Guard) -> Router {
    let routes = get(list).post(add).delete(remove).with_state(supervisor);
    Router::new().route(PATH, routes).layer(guard.with_routes(std::iter::once(PATH.to_owned())))
}

async fn add(State(supervisor): State<SharedSupervisor>, _: MayPublish, headers: HeaderMap, body: Body) -> Response {
    let registered = async {
        require_json(&headers)?;
        let body = read_body(&headers, body, BODY).await?;
        let asked = read(&body)?;
        let mut supervisor = supervisor.lock().await;
        let mut started = Vec::new();
        for requested in asked.resources {
            started.push(supervisor.register(requested.manifest).await.map_err(problem)?);
        }
        // Other requests do not have to wait while the notification is sent.
        drop(supervisor);
        let notif = match asked.notif_data {
            Some(data) => Some(send(&started, &data).await),
            None => None,
        };
        let data = json!({ "resources": started, "notif": notif, "warnings": asked.warnings });
        Ok::<_, Problem>(envelope(StatusCode::CREATED, "registered", &data))
    };
    registered.await.unwrap_or_else(IntoResponse::into_response)
}

async fn list(State(supervisor): State<SharedSupervisor>, _: MayPublish, RawQuery(query): RawQuery) -> Response {
    let listed = async {
        let query = Query::parse(query.as_deref(), &["kind", "name"])?;
        let wanted = |listed: &Listed| {
            query.get("kind").is_none_or(|kind| kind == listed.kind)
                && query.get("name").is_none_or(|name| name == listed.name)
        };
        let resources: Vec<Listed> = supervisor.lock().await.list().into_iter().filter(wanted).collect();
        Ok::<_, Problem>(envelope(StatusCode::OK, "fetched", &json!({ "resources": resources })))
    };
    listed.await.unwrap_or_else(IntoResponse::into_response)
}

async fn remove(State(supervisor): State<SharedSupervisor>, _: MayPublish, RawQuery(query): RawQuery) -> Response {
    let removed = async {
        let query = Query::parse(query.as_deref(), &["kind", "name"])?;
        let needed =
            |name: &str| query.get(name).ok_or_else(|| BadUrl::parameter(name, "is required to remove a resource"));
        let (kind, name) = (needed("kind")?, needed("name")?);
        if !supervisor.lock().await.remove(kind, name).await.map_err(problem)? {
            return Err(Problem::not_found());
        }
        Ok(envelope(StatusCode::OK, "removed", &json!({ "kind": kind, "name": name })))
    };
    removed.await.unwrap_or_else(IntoResponse::into_response)
}

/// The envelope of the original service.
fn envelope(status: StatusCode, message: &str, data: &Value) -> Response {
    (status, Json(register::envelope(status.as_u16(), message, data))).into_response()
}

fn read(body: &[u8]) -> Result<Registration, Problem> {
    // `hoopoe dev` takes its servers from the environment, so these names are never looked up.
    let secrets = SecretNames { broker: "rabbitmq", postgres: "postgres", redis: Some("redis") };
    Registration::read(body, "default", &secrets).map_err(|error| match error {
        RegistrationError::NotJson(detail) => Problem::not_json(detail),
        RegistrationError::Field { field, detail } => Problem::bad_fields(vec![fault(&field, &detail)]),
    })
}

fn fault(field: &str, detail: &(impl ToString + ?Sized)) -> FieldFault {
    FieldFault { field: field.to_owned(), detail: detail.to_string() }
}

fn problem(error: DevError) -> Problem {
    match error {
        DevError::Invalid { invalid, .. } => {
            Problem::bad_fields(invalid.iter().map(|rule| fault(&rule.field, &rule.detail)).collect())
        }
        DevError::RoutingKey(error) => Problem::bad_fields(vec![fault("spec.routingKey", &error)]),
        DevError::Topology(error) => Problem::bad_fields(vec![fault("spec", &format!("cannot be used: {error}"))]),
        DevError::Serve(error) => Problem::bad_fields(vec![fault("spec", &format!("cannot be used: {error}"))]),
        error => {
            tracing::error!(%error, "a registration failed");
            Problem::internal()
        }
    }
}

/// Sends the notification of a registration through the producer's own route. Returns the outcome.
async fn send(started: &[Listed], data: &Value) -> Value {
    let Some(url) = started.iter().find(|listed| listed.kind == "NotifProducer").and_then(|listed| listed.url.clone())
    else {
        return json!({ "sent": false, "reason": "the producer does not run" });
    };
    // The producer is this process, so no proxy from the environment is used.
    let client = match reqwest::Client::builder().no_proxy().build() {
        Ok(client) => client,
        Err(error) => return json!({ "sent": false, "reason": error.to_string() }),
    };
    let until = Instant::now() + SEND_LIMIT;
    loop {
        let answer = client.post(format!("{url}/v1/notifications")).json(data).send().await;
        let (status, body) = match answer {
            Ok(answer) => (answer.status(), answer.json::<Value>().await.unwrap_or_default()),
            Err(error) => (StatusCode::SERVICE_UNAVAILABLE, json!({ "detail": error.without_url().to_string() })),
        };
        if status == StatusCode::ACCEPTED {
            return json!({ "sent": true, "id": body["id"] });
        }
        if status != StatusCode::SERVICE_UNAVAILABLE || Instant::now() >= until {
            return json!({ "sent": false, "reason": body["detail"], "problem": body });
        }
        sleep(Duration::from_millis(200)).await;
    }
}
