//! Reads a request's body: announced as JSON, under a limit, in time.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

/// How much of a body over its limit is read and thrown away, so that the sender reads our answer instead of a reset
/// connection.
const DISCARD_BYTES: usize = 64 * 1024 * 1024;
/// How long such a body is read.
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// What a route takes as a body.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// The most bytes.
    pub bytes: usize,
    /// How long it may take to arrive.
    pub time: Duration,
}

/// Why a body was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is not announced as JSON.
    #[error("the header Content-Type must be application/json")]
    UnsupportedMediaType,
    /// It is over the limit.
    #[error("the body is larger than the limit of {limit} bytes")]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
    /// It did not arrive in time.
    #[error("the body did not arrive within {0:?}")]
    Timeout(Duration),
    /// It ended before its announced length, or its framing is broken.
    #[error("the body is incomplete or malformed")]
    Broken,
}

/// Checks `Content-Type`: `application/json`, with no charset but UTF-8.
pub fn require_json(headers: &HeaderMap) -> Result<(), BodyError> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(BodyError::UnsupportedMediaType) };
    let text = value.to_str().map_err(|_| BodyError::UnsupportedMediaType)?;
    let mut parts = text.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
            charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        Some(_) | None => true,
    });
    if is_json && is_utf8 { Ok(()) } else { Err(BodyError::UnsupportedMediaType) }
}

/// Reads a body within its limits.
pub async fn read_body(headers: &HeaderMap, body: Body, limits: BodyLimits) -> Result<Bytes, BodyError> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limits.bytes as u64) {
        if !headers.contains_key(header::EXPECT) {
            discard(body).await;
        }
        return Err(BodyError::TooLarge { limit: limits.bytes });
    }
    let collected = tokio::time::timeout(limits.time, collect(body, limits.bytes)).await;
    collected.map_err(|_| BodyError::Timeout(limits.time))?
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, BodyError> {
    // Most bodies are one frame: keep that frame as it is, without a copy.
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyError::Broken)?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len().max(rest.len()) + data.len() > limit {
            discard(body).await;
            return Err(BodyError::TooLarge { limit });
        }
        if first.is_empty() && rest.is_empty() {
            first = data;
            continue;
        }
        if rest.is_empty() {
            rest.extend_from_slice(&first);
        }
        rest.extend_from_slice(&data);
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

async fn discard(mut body: Body) {
    let drain = async {
        let mut read = 0;
        while read < DISCARD_BYTES {
            match body.frame().await {
                Some(Ok(frame)) => read += frame.data_ref().map_or(0, Bytes::len),
                Some(Err(_)) | None => return,
            }
        }
    };
    // Running out of time changes nothing: the answer goes out in any case.
    let _ = tokio::time::timeout(DISCARD_TIME, drain).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_is_json() {
        let check = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            require_json(&headers)
        };
        for good in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["text/plain", "application/jsonp", "application/json; charset=latin1", ""] {
            assert_eq!(check(bad), Err(BodyError::UnsupportedMediaType), "{bad}");
        }
        assert_eq!(require_json(&HeaderMap::new()), Err(BodyError::UnsupportedMediaType));
    }

    #[tokio::test]
    async fn a_body_is_taken_up_to_its_limit() {
        let frames = |sizes: &[usize]| {
            let frames: Vec<_> = sizes.iter().map(|size| Ok::<_, std::io::Error>(vec![b'x'; *size])).collect();
            Body::from_stream(futures::stream::iter(frames))
        };
        let headers = HeaderMap::new();
        let limits = BodyLimits { bytes: 10, time: Duration::from_secs(30) };
        assert_eq!(read_body(&headers, frames(&[4, 3, 3]), limits).await.unwrap().len(), 10);
        assert_eq!(read_body(&headers, frames(&[10]), limits).await.unwrap().len(), 10);
        assert_eq!(read_body(&headers, frames(&[4, 3, 4]), limits).await, Err(BodyError::TooLarge { limit: 10 }));
        assert_eq!(read_body(&headers, frames(&[11]), limits).await, Err(BodyError::TooLarge { limit: 10 }));
    }
}
