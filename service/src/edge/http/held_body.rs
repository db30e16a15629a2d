//! A response body that holds its request's resources until it has ended or was dropped.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

/// Gives `held` to the response's body. A body that is complete in memory needs no further work of ours, so it holds
/// nothing and is sent unchanged, without another box around it.
pub(super) fn hold<H: Send + Unpin + 'static>(response: Response, held: H) -> Response {
    if is_complete(response.body()) {
        return response;
    }
    response.map(|body| Body::new(HeldBody { body, held: Some(held) }))
}

/// Whether the body is empty (a 304, an answer to HEAD) or has a known size, which only bytes in memory have.
fn is_complete(body: &Body) -> bool {
    body.is_end_stream() || body.size_hint().exact().is_some()
}

struct HeldBody<H> {
    body: Body,
    held: Option<H>,
}

impl<H: Unpin> HttpBody for HeldBody<H> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) || this.body.is_end_stream() {
            this.held = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::{http::StatusCode, response::IntoResponse};
    use futures::stream;
    use http_body_util::BodyExt;

    use super::*;

    /// Whether a response holds what it was given, with the response.
    fn held(response: Response) -> (Arc<()>, Response) {
        let occupied = Arc::new(());
        let response = hold(response, Arc::clone(&occupied));
        (occupied, response)
    }

    fn is_held(occupied: &Arc<()>) -> bool {
        Arc::strong_count(occupied) == 2
    }

    fn streamed() -> Response {
        let pieces = ["one", "two"].map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece.as_bytes())));
        Body::from_stream(stream::iter(pieces)).into_response()
    }

    #[tokio::test]
    async fn a_stream_holds_until_its_end() {
        let (occupied, response) = held(streamed());
        let mut body = response.into_body();
        for _ in 0..2 {
            body.frame().await.unwrap().unwrap();
            assert!(is_held(&occupied));
        }
        assert!(body.frame().await.is_none());
        assert!(!is_held(&occupied), "it ended");
    }

    #[test]
    fn a_stream_that_is_dropped_holds_no_longer() {
        let (occupied, response) = held(streamed());
        assert!(is_held(&occupied));
        drop(response);
        assert!(!is_held(&occupied));
    }

    #[tokio::test]
    async fn a_stream_that_breaks_holds_no_longer() {
        let broken = stream::iter([Err::<Bytes, _>(std::io::Error::other("broken"))]);
        let (occupied, response) = held(Body::from_stream(broken).into_response());
        let mut body = response.into_body();
        assert!(body.frame().await.unwrap().is_err());
        assert!(!is_held(&occupied));
    }

    #[test]
    fn bytes_in_memory_and_nothing_hold_nothing() {
        for response in
            [StatusCode::NOT_MODIFIED.into_response(), "text".into_response(), vec![0; 1 << 20].into_response()]
        {
            let (occupied, _response) = held(response);
            assert!(!is_held(&occupied));
        }
    }
}
