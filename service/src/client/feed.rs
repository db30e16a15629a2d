//! One request to a feed or a head, and its answer.

use std::time::Duration;

use reqwest::{
    StatusCode,
    header::{ETAG, HeaderMap, IF_NONE_MATCH},
};
use serde::de::DeserializeOwned;

use super::{
    ClientError,
    connect::Server,
    outcome::Problem,
    wire::{FeedAnswer, HeadAnswer},
};
use crate::store::Position;

/// Which page of a feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedRequest {
    /// How many rows, 1–200.
    pub limit: u32,
    /// The cursor of the page to continue after.
    pub cursor: Option<String>,
    /// Ask for what changed since this position.
    pub since: Option<Position>,
    /// Ask only for unread rows.
    pub unread: bool,
    /// The `ETag` of what the client knows already.
    pub etag: Option<String>,
}

/// The answer to a feed request.
#[derive(Debug)]
pub enum FeedReply {
    /// 304: nothing changed.
    Unchanged,
    /// 200: a page.
    Page {
        /// The page.
        page: Box<FeedAnswer>,
        /// Its `ETag`.
        etag: Option<String>,
        /// The body as it came.
        body: Vec<u8>,
    },
}

/// An answer, and how long to wait until the next request.
#[derive(Debug)]
pub struct Polled {
    /// The answer itself.
    pub reply: FeedReply,
    /// `X-Poll-Interval`.
    pub interval: Option<Duration>,
}

/// Asks for a page.
pub async fn poll(api: &Server, owner: &str, request: &FeedRequest) -> Result<Polled, ClientError> {
    let mut url = api.url(&["v1", "owners", owner, "feed"]);
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("limit", &request.limit.to_string());
        if let Some(since) = request.since {
            query.append_pair("since", &since.to_string());
        }
        if let Some(cursor) = &request.cursor {
            query.append_pair("cursor", cursor);
        }
        if request.unread {
            query.append_pair("unread", "true");
        }
    }
    let mut call = api.client().get(url);
    if let Some(etag) = &request.etag {
        call = call.header(IF_NONE_MATCH, etag);
    }
    let answer = call.send().await.map_err(|error| api.failure(&error))?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let interval = poll_interval(&headers);
    if status == StatusCode::NOT_MODIFIED {
        return Ok(Polled { reply: FeedReply::Unchanged, interval });
    }
    let body = answer.bytes().await.map_err(|error| api.failure(&error))?.to_vec();
    let page = Box::new(read(api, status, &body)?);
    let etag = headers.get(ETAG).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Ok(Polled { reply: FeedReply::Page { page, etag, body }, interval })
}

/// Asks for the head.
pub async fn head(api: &Server, owner: &str) -> Result<HeadAnswer, ClientError> {
    let answer = api.client().get(api.url(&["v1", "owners", owner, "head"])).send().await;
    let answer = answer.map_err(|error| api.failure(&error))?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(|error| api.failure(&error))?;
    read(api, status, &body)
}

/// The body of a 200, parsed; the matching error for every other answer.
pub(super) fn read<T: DeserializeOwned>(api: &Server, status: StatusCode, body: &[u8]) -> Result<T, ClientError> {
    if status != StatusCode::OK {
        return Err(ClientError::Refused(Problem::read(status, body)));
    }
    serde_json::from_slice(body).map_err(|error| api.not_ours(error.to_string()))
}

/// `X-Poll-Interval`: seconds.
fn poll_interval(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers.get("x-poll-interval")?.to_str().ok()?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_poll_interval_is_seconds_and_nothing_else() {
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-poll-interval", value.parse().unwrap());
            poll_interval(&headers)
        };
        assert_eq!(read("5"), Some(Duration::from_secs(5)));
        assert_eq!(read("0.5"), Some(Duration::from_millis(500)));
        for bad in ["-1", "soon", "NaN", "inf"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
