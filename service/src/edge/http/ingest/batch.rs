//! `POST /v1/notifications:batch`: each item succeeds or fails by itself.

use std::time::Duration;

use axum::{
    Json,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use hoopoe_web::retry_seconds;
use serde::{
    Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use tracing::Instrument;
use uuid::Uuid;

use super::{
    request::SendRequest,
    schema::{BatchAnswer, BatchProblems, BatchResult, BatchSchema},
};
use crate::{
    edge::http::Problem,
    identity::MayPublish,
    ingest::{BATCH_ITEMS, Ingest, Refused},
    telemetry::propagation::{outgoing, request_span},
};

/// Sends up to 1,000 notifications.
#[utoipa::path(
    post,
    description = "202 if the broker has confirmed all of them, else 207. `results` are in the order of the batch. The \
        same notification twice is\nsent once.",
    path = "/v1/notifications:batch",
    operation_id = "sendBatch",
    description = "202 if the broker has confirmed all of them, else 207. `results` are in the order of the batch. \
        The same notification twice is\n\
        sent once.",
    tag = "producer",
    params((
        "Idempotency-Key" = Option<String>, Header, nullable = false, min_length = 1, max_length = 255,
        pattern = "^[!-~]{1,255}$",
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
    State(ingest): State<Ingest>,
    may_publish: MayPublish,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    let span = request_span("POST /v1/notifications:batch", &headers);
    let sent = accept(&ingest, &may_publish, &headers, query.as_deref(), body).instrument(span).await;
    sent.unwrap_or_else(|problem| {
        ingest.metrics().refused(problem.code());
        problem.into_response()
    })
}

async fn accept(
    ingest: &Ingest,
    may_publish: &MayPublish,
    headers: &HeaderMap,
    query: Option<&str>,
    body: Body,
) -> Result<Response, Problem> {
    let SendRequest { body, key } = SendRequest::read(headers, query, body, ingest.batch_bytes()).await?;
    let items: Vec<&[u8]> = split(&body)?.into_iter().map(|item| item.get().as_bytes()).collect();
    let sent = ingest.send_batch(may_publish, &items, key, &outgoing(headers)).await;
    Ok(answer(ingest, sent))
}

fn answer(ingest: &Ingest, sent: Vec<Result<Uuid, Refused>>) -> Response {
    let mut retry: Option<Duration> = None;
    let result = |sent| match sent {
        Ok(id) => {
            ingest.metrics().accepted();
            BatchResult { id: Some(id), status: StatusCode::ACCEPTED.as_u16(), error: None }
        }
        Err(refused @ Refused { id, .. }) => {
            let problem = Problem::from(refused);
            ingest.metrics().refused(problem.code());
            retry = retry.max(problem.retry_after());
            BatchResult { id, status: problem.status().as_u16(), error: Some(problem.into_document()) }
        }
    };
    let results: Vec<BatchResult> = sent.into_iter().map(result).collect();
    let whole = results.iter().all(|result| result.error.is_none());
    let status = if whole { StatusCode::ACCEPTED } else { StatusCode::MULTI_STATUS };
    let mut response = (status, Json(BatchAnswer { results })).into_response();
    if let Some(wait) = retry {
        response.headers_mut().insert(header::RETRY_AFTER, retry_seconds(wait));
    }
    response
}

/// The items as they stand in the body. Each is parsed by itself later, so one that is wrong spoils only its own
/// result.
fn split(body: &[u8]) -> Result<Vec<&RawValue>, Problem> {
    let size = || Problem::bad_field("", format!("must be an array of 1 to {BATCH_ITEMS} notifications"));
    let text = std::str::from_utf8(body).map_err(|_| Problem::not_json("it is not UTF-8"))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let not_json = |error: &serde_json::Error| Problem::not_json(error);
    let is_array = text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('[');
    if !is_array {
        let other = |_| Problem::not_json("a batch must be a JSON array");
        return Err(serde_json::from_str::<IgnoredAny>(text).map_or_else(|error| not_json(&error), other));
    }
    let items = deserializer.deserialize_seq(Items).map_err(|error| not_json(&error))?;
    deserializer.end().map_err(|error| not_json(&error))?;
    items.filter(|items| !items.is_empty()).ok_or_else(size)
}

/// Collects at most [`BATCH_ITEMS`]. `None` when there are more: the rest is read without being kept.
struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Option<Vec<&'de RawValue>>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while items.len() < BATCH_ITEMS {
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
