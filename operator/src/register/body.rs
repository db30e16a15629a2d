//! Reading a request's body: announced as JSON, under a limit, in time.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use futures::StreamExt;
use hoopoe_crds::register::MAX_BYTES;

use super::problem::Problem;

/// How long a body may take: 256 KiB at 100 kbit/s.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How much of a body over its limit is read and thrown away, so that the sender reads our answer instead of a reset connection.
const DISCARD_BYTES: usize = 8 * 1024 * 1024;

/// Reads a body that says it is JSON.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Problem> {
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(kind), None) = (kinds.next(), kinds.next()) else { return Err(Problem::UnsupportedMediaType) };
    let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Problem::UnsupportedMediaType);
    }
    tokio::time::timeout(TIMEOUT, collect(body)).await.map_err(|_| Problem::BodyTimeout)?
}

async fn collect(body: Body) -> Result<Vec<u8>, Problem> {
    let (mut frames, mut bytes, mut length) = (body.into_data_stream(), Vec::new(), 0_usize);
    while let Some(frame) = frames.next().await {
        let frame = frame.map_err(|_| Problem::BodyBroken)?;
        length += frame.len();
        if length > DISCARD_BYTES {
            break;
        }
        if length <= MAX_BYTES {
            bytes.extend_from_slice(&frame);
        }
    }
    if length > MAX_BYTES { Err(Problem::TooLarge) } else { Ok(bytes) }
}
