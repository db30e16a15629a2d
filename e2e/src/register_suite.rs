//! Requests to `/notif/register`, and the answers that `hoopoe dev` and the operator must both give.
//!
//! They are data in `register_suite.json`. An `answer` must have at least the given keys, a `problem` is an
//! `application/problem+json` with that code, and the texts in `contains` must occur in the answer.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, Response};
use serde_json::Value;

use crate::error::Result;
use crate::http::client;
use crate::ports::free_port;

const SUITE: &str = include_str!("register_suite.json");

/// Sends every request, in order, to `url` (which ends in `/notif/register`), with the bearer token if one is given.
/// Returns a sentence for each unexpected answer, and the number of requests. The list must be empty.
pub async fn register_suite(url: &str, token: Option<&str>) -> Result<(Vec<String>, usize)> {
    let mut faults = Vec::new();
    let requests = requests()?;
    for request in &requests {
        let name = request["name"].as_str().unwrap_or_default();
        let found = match send(url, token, request).await {
            Err(error) => vec![error.to_string()],
            Ok(answer) => check(request, answer).await,
        };
        faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    Ok((faults, requests.len()))
}

/// The suite, with free ports in place of the numbered placeholders.
fn requests() -> Result<Vec<Value>> {
    let mut text = SUITE.replace("${300000 times x}", &"x".repeat(300_000));
    for number in 1..=3 {
        text = text.replace(&format!("\"${{port {number}}}\""), &free_port()?.to_string());
    }
    // The file is part of this crate, so the first test that reads it reports a mistake in it.
    Ok(serde_json::from_str(&text).unwrap_or_else(|error| vec![Value::String(error.to_string())]))
}

async fn send(url: &str, token: Option<&str>, request: &Value) -> reqwest::Result<Response> {
    let method = request["method"].as_str().and_then(|method| Method::from_bytes(method.as_bytes()).ok());
    let url = format!("{url}{}", request["query"].as_str().unwrap_or_default());
    let mut builder = client().request(method.unwrap_or_default(), url);
    if let Some(token) = token {
        builder = builder.bearer_auth(token);
    }
    let text = request["text"].as_str().map(str::to_owned);
    if let Some(text) = text.or_else(|| request.get("body").map(Value::to_string)) {
        let kind = request["content_type"].as_str().unwrap_or("application/json");
        builder = builder.header(CONTENT_TYPE, kind).body(text);
    }
    builder.send().await
}

async fn check(request: &Value, answer: Response) -> Vec<String> {
    let status = answer.status().as_u16();
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let text = answer.text().await.unwrap_or_default();
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    let mut faults = Vec::new();
    if request["status"] != status {
        faults.push(format!("answered {status} instead of {}: {text}", request["status"]));
    }
    if let Some(expected) = request.get("answer") {
        differences("", expected, &body, &mut faults);
    }
    if let Some(code) = request.get("problem")
        && (body["code"] != *code || body["status"] != status || kind != "application/problem+json")
    {
        faults.push(format!("is no problem {code}: {kind} {text}"));
    }
    for part in request["contains"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !text.contains(part) {
            faults.push(format!("does not contain {part}: {text}"));
        }
    }
    faults
}

/// Compares two values: objects must have at least the expected keys, lists must have the same length, and all other
/// values must be equal.
fn differences(path: &str, expected: &Value, found: &Value, faults: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (key, expected) in expected {
                differences(&format!("{path}/{key}"), expected, found.get(key).unwrap_or(&Value::Null), faults);
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
                differences(&format!("{path}/{index}"), expected, found, faults);
            }
        }
        _ if expected == found => {}
        _ => faults.push(format!("{path} is {found} instead of {expected}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_suite_is_readable_and_its_comparison_finds_differences() {
        let requests = requests().unwrap();
        assert!(requests.len() > 30 && requests.iter().all(|request| request["status"].is_u64()), "{requests:?}");
        let faults = |expected: Value, found: Value| {
            let mut faults = Vec::new();
            differences("", &expected, &found, &mut faults);
            faults.len()
        };
        assert_eq!(faults(json!({ "a": [{ "b": 1 }] }), json!({ "a": [{ "b": 1, "c": 2 }], "d": 3 })), 0);
        assert_eq!(faults(json!({ "a": [] }), json!({ "a": [1] })), 1);
        assert_eq!(faults(json!({ "a": {} }), json!({ "a": null })), 1);
        assert_eq!(faults(json!({ "a": 1, "b": 2 }), json!({})), 2);
    }
}
