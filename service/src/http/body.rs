//! Reading a request's body: announced as JSON, under a limit, in time.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use super::Problem;

/// How long a body may take: 16 MiB at 5 Mbit/s.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How much of a body over its limit is read and thrown away, so that the sender reads our answer instead of a reset connection.
const DISCARD_BYTES: usize = 64 * 1024 * 1024;
/// And for how long.
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// Checks `Content-Type`: `application/json`, with no charset but UTF-8.
pub fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Problem::UnsupportedMediaType) };
    let text = value.to_str().map_err(|_| Problem::UnsupportedMediaType)?;
    let mut parts = text.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
            charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        Some(_) | None => true,
    });
    if is_json && is_utf8 { Ok(()) } else { Err(Problem::UnsupportedMediaType) }
}

/// Reads a body of at most `limit` bytes.
pub async fn read_body(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Problem> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        if !headers.contains_key(header::EXPECT) {
            discard(body).await;
        }
        return Err(Problem::TooLarge { limit });
    }
    tokio::time::timeout(TIMEOUT, collect(body, limit)).await.map_err(|_| Problem::BodyTimeout(TIMEOUT))?
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, Problem> {
    // Most bodies are one frame: that one is kept as it is, without a copy.
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::BodyBroken)?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len().max(rest.len()) + data.len() > limit {
            discard(body).await;
            return Err(Problem::TooLarge { limit });
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
    // Running out of time is fine: the answer goes out either way.
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
            assert_eq!(check(bad), Err(Problem::UnsupportedMediaType), "{bad}");
        }
        assert_eq!(require_json(&HeaderMap::new()), Err(Problem::UnsupportedMediaType));
    }

    #[tokio::test]
    async fn a_body_is_taken_up_to_its_limit() {
        let frames = |sizes: &[usize]| {
            let frames: Vec<_> = sizes.iter().map(|size| Ok::<_, std::io::Error>(vec![b'x'; *size])).collect();
            Body::from_stream(futures::stream::iter(frames))
        };
        let headers = HeaderMap::new();
        assert_eq!(read_body(&headers, frames(&[4, 3, 3]), 10).await.unwrap().len(), 10);
        assert_eq!(read_body(&headers, frames(&[10]), 10).await.unwrap().len(), 10);
        assert_eq!(read_body(&headers, frames(&[4, 3, 4]), 10).await, Err(Problem::TooLarge { limit: 10 }));
        assert_eq!(read_body(&headers, frames(&[11]), 10).await, Err(Problem::TooLarge { limit: 10 }));
    }
}
