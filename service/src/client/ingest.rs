//! One attempt to hand notifications to a producer.

use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;

use super::{
    connect::Server,
    draft::Draft,
    outcome::{Failure, Problem, failure},
};

/// What became of one notification in one attempt.
#[derive(Debug)]
pub enum Attempt {
    /// 202: the broker has it.
    Accepted {
        /// The id that the server answered with.
        id: String,
    },
    /// Not accepted, or the outcome is unknown. The same notification may be sent again.
    Again {
        /// How long to wait at least.
        after: Option<Duration>,
        /// Why it was not accepted, in words.
        why: String,
    },
    /// The producer will never accept it.
    Never {
        /// Why.
        problem: Problem,
    },
}

#[derive(Deserialize)]
struct Accepted {
    id: String,
}

#[derive(Deserialize)]
struct BatchAnswer {
    results: Vec<BatchResult>,
}

#[derive(Deserialize)]
struct BatchResult {
    #[serde(default)]
    id: String,
    status: u16,
    #[serde(default)]
    error: Option<Problem>,
}

impl From<Failure> for Attempt {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Again { after, problem } => Self::Again { after, why: problem.to_string() },
            Failure::Never(problem) => Self::Never { problem },
        }
    }
}

/// Posts one notification.
pub async fn post(producer: &Server, draft: &Draft) -> Attempt {
    let call = producer.client().post(producer.url(&["v1", "notifications"])).json(draft);
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) => return again(producer, &error),
    };
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = match answer.bytes().await {
        Ok(body) => body,
        Err(error) => return again(producer, &error),
    };
    if status != StatusCode::ACCEPTED {
        return failure(status, &headers, &body).into();
    }
    match serde_json::from_slice::<Accepted>(&body) {
        Ok(Accepted { id }) => Attempt::Accepted { id },
        Err(error) => stranger(producer, status, &error.to_string()),
    }
}

/// Posts several notifications in one request and returns an attempt for each, in order.
pub async fn post_batch(producer: &Server, drafts: &[Draft]) -> Vec<Attempt> {
    let all =
        |attempt: fn(&Server, &str) -> Attempt, text: &str| drafts.iter().map(|_| attempt(producer, text)).collect();
    let call = producer.client().post(producer.url(&["v1", "notifications:batch"])).json(drafts);
    let again_all = |error: &reqwest::Error| drafts.iter().map(|_| again(producer, error)).collect();
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) => return again_all(&error),
    };
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = match answer.bytes().await {
        Ok(body) => body,
        Err(error) => return again_all(&error),
    };
    if !matches!(status, StatusCode::ACCEPTED | StatusCode::MULTI_STATUS) {
        return drafts.iter().map(|_| failure(status, &headers, &body).into()).collect();
    }
    let strange: fn(&Server, &str) -> Attempt = |producer, text| stranger(producer, StatusCode::ACCEPTED, text);
    match serde_json::from_slice::<BatchAnswer>(&body) {
        Ok(BatchAnswer { results }) if results.len() == drafts.len() => results.into_iter().map(settle).collect(),
        Ok(BatchAnswer { results }) => {
            all(strange, &format!("it has {} results for {} notifications", results.len(), drafts.len()))
        }
        Err(error) => all(strange, &error.to_string()),
    }
}

fn settle(result: BatchResult) -> Attempt {
    if result.status == StatusCode::ACCEPTED.as_u16() {
        return Attempt::Accepted { id: result.id };
    }
    let status = StatusCode::from_u16(result.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let problem = Problem { status: status.as_u16(), ..result.error.unwrap_or_default() };
    if matches!(status.as_u16(), 408 | 425 | 429) || status.is_server_error() {
        return Attempt::Again { after: None, why: problem.to_string() };
    }
    Attempt::Never { problem }
}

fn again(producer: &Server, error: &reqwest::Error) -> Attempt {
    Attempt::Again { after: None, why: producer.failure(error).to_string() }
}

/// A 2xx answer that a producer would not give: the server there is not a producer, so a retry would not help.
fn stranger(producer: &Server, status: StatusCode, reason: &str) -> Attempt {
    let detail = producer.not_ours(reason).to_string();
    Attempt::Never { problem: Problem { status: status.as_u16(), detail, ..Problem::default() } }
}
