//! `POST /v1/notifications:batch`: every item has a fate of its own.

use std::{
    collections::{HashMap, hash_map::Entry},
    time::Duration,
};

use axum::{
    Json,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use serde::{
    Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use tracing::Instrument;
use uuid::Uuid;

use super::{
    ProducerState,
    idempotency_key::idempotency_key,
    schema::{BatchAnswer, BatchProblems, BatchResult, BatchSchema},
    state::Inner,
    trace_context::{outgoing, request_span},
};
use crate::{
    http::{Caller, Identified, Problem, Query, read_body, require_json},
    notif::{Notification, Owner, from_http},
};

/// The most notifications in one batch.
const MAX_ITEMS: usize = 1000;

/// Sends up to 1,000 notifications.
///
/// 202 if the broker has confirmed all of them, else 207. `results` are in the order of the batch. The same notification twice is
/// sent once.
#[utoipa::path(
    post,
    path = "/v1/notifications:batch",
    operation_id = "sendBatch",
    tag = "producer",
    params((
        "Idempotency-Key" = Option<String>, Header, nullable = false, min_length = 1, max_length = 255, pattern = "^[!-~]{1,255}$",
        description = "With its place in the batch it makes the id of every notification that has none"
    )),
    request_body(content = BatchSchema, content_type = "application/json"),
    responses(
        (status = 202, description = "The broker has all of them", body = BatchAnswer),
        (status = 207, description = "The broker has some of them, or none", body = BatchAnswer),
        BatchProblems
    )
)]
pub(super) async fn send_batch(
    State(state): State<ProducerState>,
    caller: Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    let span = request_span("POST /v1/notifications:batch", &headers);
    let sent = accept(&state, &caller, &headers, query.as_deref(), body).instrument(span).await;
    sent.unwrap_or_else(|problem| {
        state.0.metrics.refused(&problem);
        problem.into_response()
    })
}

async fn accept(
    state: &ProducerState,
    caller: &Caller,
    headers: &HeaderMap,
    query: Option<&str>,
    body: Body,
) -> Result<Response, Problem> {
    caller.may_publish()?;
    Query::parse(query, &[])?;
    require_json(headers)?;
    let key = idempotency_key(headers)?;
    let state = &*state.0;
    let body = read_body(headers, body, state.batch_bytes()).await?;
    let plan = plan(state, &split(&body)?, key);
    let trace = &outgoing(headers);
    let fates = stream::iter(plan.send)
        .map(|notification| async move { state.publish(&notification, trace).await })
        .buffered(state.batch_window)
        .collect::<Vec<_>>()
        .await;
    Ok(answer(state, plan.items, &fates))
}

/// What is to be done with each item.
enum Planned {
    /// Sent as number `place` of the plan; repeats share it.
    Sent { id: Uuid, place: usize },
    /// Refused before anything was sent.
    Refused(Identified),
}

struct Plan {
    send: Vec<Notification>,
    items: Vec<Planned>,
}

fn plan(state: &Inner, raw: &[&RawValue], key: Option<&str>) -> Plan {
    let mut send: Vec<Notification> = Vec::with_capacity(raw.len());
    let mut known: HashMap<(Owner, Uuid), usize> = HashMap::with_capacity(raw.len());
    let items = raw
        .iter()
        .enumerate()
        .map(|(item, raw)| {
            let parsed = from_http(raw.get().as_bytes(), &state.arrival(key, Some(item)));
            let notification = match parsed {
                Ok(notification) => notification,
                Err(error) => return Planned::Refused(Problem::from(error).into()),
            };
            let id = notification.id;
            match known.entry((notification.owner.clone(), id)) {
                Entry::Vacant(entry) => {
                    let place = send.len();
                    entry.insert(place);
                    send.push(notification);
                    Planned::Sent { id, place }
                }
                Entry::Occupied(entry) if send[*entry.get()].content == notification.content => {
                    Planned::Sent { id, place: *entry.get() }
                }
                Entry::Occupied(_) => Planned::Refused(Identified { problem: Problem::IdConflict, id: Some(id) }),
            }
        })
        .collect();
    Plan { send, items }
}

fn answer(state: &Inner, items: Vec<Planned>, fates: &[Result<(), Problem>]) -> Response {
    let mut retry: Option<Duration> = None;
    let mut refused = |problem: &Problem, id: Option<Uuid>| {
        state.metrics.refused(problem);
        retry = retry.max(problem.retry_after());
        BatchResult { id, status: problem.status().as_u16(), error: Some(problem.document(id)) }
    };
    let results: Vec<BatchResult> = items
        .into_iter()
        .map(|item| match item {
            Planned::Refused(Identified { problem, id }) => refused(&problem, id),
            Planned::Sent { id, place } => match &fates[place] {
                Ok(()) => {
                    state.metrics.accepted();
                    BatchResult { id: Some(id), status: StatusCode::ACCEPTED.as_u16(), error: None }
                }
                Err(problem) => refused(problem, Some(id)),
            },
        })
        .collect();
    let whole = results.iter().all(|result| result.error.is_none());
    let status = if whole { StatusCode::ACCEPTED } else { StatusCode::MULTI_STATUS };
    let mut response = (status, Json(BatchAnswer { results })).into_response();
    if let Some(wait) = retry {
        response.headers_mut().insert(header::RETRY_AFTER, crate::http::retry_seconds(wait));
    }
    response
}

/// The items as they stand in the body, each to be parsed for itself.
fn split(body: &[u8]) -> Result<Vec<&RawValue>, Problem> {
    let size = || Problem::bad_field("", format!("must be 1 to {MAX_ITEMS} notifications"));
    let text = std::str::from_utf8(body).map_err(|_| Problem::NotJson("it is not UTF-8".to_owned()))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let not_json = |error: &serde_json::Error| Problem::NotJson(error.to_string());
    let is_array = text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('[');
    if !is_array {
        let other = |_| Problem::NotJson("a batch is a JSON array".to_owned());
        return Err(serde_json::from_str::<IgnoredAny>(text).map_or_else(|error| not_json(&error), other));
    }
    let items = deserializer.deserialize_seq(Items).map_err(|error| not_json(&error))?;
    deserializer.end().map_err(|error| not_json(&error))?;
    items.filter(|items| !items.is_empty()).ok_or_else(size)
}

/// Collects at most [`MAX_ITEMS`]; `None` when there are more, which are read over without being kept.
struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Option<Vec<&'de RawValue>>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while items.len() < MAX_ITEMS {
            match seq.next_element::<&RawValue>()? {
                Some(item) => items.push(item),
                None => return Ok(Some(items)),
            }
        }
        let mut more = false;
        while seq.next_element::<IgnoredAny>()?.is_some() {
            more = true;
        }
        Ok((!more).then_some(items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_is_split_and_anything_else_is_told_apart() {
        assert_eq!(split(br#" [ {"a":1}, 2 ] "#).unwrap().len(), 2);
        let numbers = |count: usize| format!("[{}]", vec!["1"; count].join(","));
        assert_eq!(split(numbers(1000).as_bytes()).unwrap().len(), 1000);
        for (body, status) in [
            (numbers(1001).as_str(), 422),
            ("[]", 422),
            ("{}", 400),
            ("\"a\"", 400),
            ("[1,", 400),
            ("[1] x", 400),
            ("", 400),
            ("nonsense", 400),
        ] {
            assert_eq!(split(body.as_bytes()).unwrap_err().status(), status, "{body}");
        }
        assert_eq!(split(b"[\"\xff\"]").unwrap_err().status(), 400);
    }

    #[test]
    fn depth_is_the_item_s_own_affair() {
        let deep = format!("[{}{}]", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(split(deep.as_bytes()).unwrap().len(), 1);
    }
}
