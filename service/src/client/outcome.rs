//! What an answer means for the sender: done, try again, or give up.

use std::{fmt, time::Duration};

use reqwest::{StatusCode, header::HeaderMap, header::RETRY_AFTER};
use serde::Deserialize;

use super::terminal;

/// The longest `Retry-After` that we follow, so that a wrong header cannot stop a sender.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// An RFC 9457 problem, reduced to what a person reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: String,
    /// The title, the same for every problem of this code.
    pub title: String,
    /// What went wrong this time.
    pub detail: String,
    /// The faults of single fields.
    pub errors: Vec<FieldFault>,
}

/// A fault of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct FieldFault {
    /// The field.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

/// What to do about a request whose answer was not 2xx.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The same request may be sent again.
    Again {
        /// How long to wait at least: the server's `Retry-After`.
        after: Option<Duration>,
        /// Why the request failed.
        problem: Problem,
    },
    /// The server will never accept it.
    Never(Problem),
}

impl Problem {
    /// Reads the body of an answer. Every body becomes a readable problem.
    pub fn read(status: StatusCode, body: &[u8]) -> Self {
        let mut problem: Self = serde_json::from_slice(body).unwrap_or_default();
        problem.status = status.as_u16();
        if problem.title.is_empty() && problem.detail.is_empty() {
            status.canonical_reason().unwrap_or("an unknown status").clone_into(&mut problem.title);
        }
        problem
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.detail.is_empty() { &self.title } else { &self.detail };
        write!(f, "{} ({}", terminal::plain(text), self.status)?;
        if !self.code.is_empty() {
            write!(f, " {}", terminal::plain(&self.code))?;
        }
        f.write_str(")")?;
        // Our servers name the fields in `detail` too; naming them once is enough.
        for fault in self.errors.iter().filter(|fault| !self.detail.contains(&fault.detail)) {
            write!(f, "; {} {}", terminal::plain(&fault.field), terminal::plain(&fault.detail))?;
        }
        Ok(())
    }
}

/// Decides what to do about an answer that is not 2xx. 408, 425, 429 and everything from 500 on may pass by itself.
pub fn failure(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
    let problem = Problem::read(status, body);
    let passing = matches!(status.as_u16(), 408 | 425 | 429);
    if passing || status.is_server_error() {
        return Failure::Again { after: retry_after(headers), problem };
    }
    Failure::Never(problem)
}

/// `Retry-After` in seconds. The form with a date is ignored: the backoff then decides.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sort(status: u16, retry_after: Option<&str>, body: &str) -> Failure {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert(RETRY_AFTER, value.parse().unwrap());
        }
        failure(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes())
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for status in [408, 425, 429, 500, 502, 503, 504] {
            assert!(matches!(sort(status, None, ""), Failure::Again { after: None, .. }), "{status}");
        }
        for status in [301, 400, 401, 404, 409, 413, 415, 422] {
            assert!(matches!(sort(status, None, ""), Failure::Never(_)), "{status}");
        }
    }

    #[test]
    fn retry_after_is_believed_within_reason() {
        let after = |value| match sort(503, Some(value), "") {
            Failure::Again { after, .. } => after,
            Failure::Never(_) => panic!("503 passes"),
        };
        assert_eq!(after("2"), Some(Duration::from_secs(2)));
        assert_eq!(after("86400"), Some(LONGEST_WAIT));
        assert_eq!(after("Wed, 21 Oct 2026 07:28:00 GMT"), None);
        assert_eq!(after("-1"), None);
    }

    #[test]
    fn a_problem_is_one_readable_line() {
        let body = r#"{"type":"about:blank","title":"Invalid","status":422,"code":"invalid_field",
            "detail":"2 fields are wrong","errors":[{"field":"owner","detail":"is missing"},
            {"field":"kind","detail":"is\u001b[31m long"}]}"#;
        let Failure::Never(problem) = sort(422, None, body) else { panic!("422 never passes") };
        assert_eq!(
            problem.to_string(),
            "2 fields are wrong (422 invalid_field); owner is missing; kind is\u{fffd}[31m long"
        );
        let Failure::Never(problem) = sort(404, None, "<html>") else { panic!("404 never passes") };
        assert_eq!(problem.to_string(), "Not Found (404)");
    }
}
