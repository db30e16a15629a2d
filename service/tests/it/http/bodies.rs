//! Bodies that take long: each counts as a request in flight until it ends, and learns when the server stops.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Body, extract::State, response::Response, routing::get};
use bytes::Bytes;
use futures::{StreamExt, stream};
use hoopoe::{
    edge::http::{Draining, Guard, HttpMetrics, surface},
    identity::Anonymous,
};
use hoopoe_web::{ServerLimits, bind, serve};
use prometheus_client::registry::Registry;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;

use crate::http::kit::{raw, send};
use crate::testkit::wait::SOON;

/// The pieces of the next streamed body.
type Pieces = Arc<Mutex<Option<mpsc::Receiver<Bytes>>>>;

struct Server {
    address: String,
    metrics: HttpMetrics,
    stop: CancellationToken,
    ended: tokio::task::JoinHandle<()>,
}

impl Server {
    /// A server with one slot.
    async fn start(routes: OpenApiRouter, limits: ServerLimits) -> Self {
        let metrics = HttpMetrics::register(&mut Registry::default());
        let stop = CancellationToken::new();
        let guard = Guard::new(1, metrics.clone(), Arc::new(Anonymous), &stop);
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let ended = tokio::spawn(serve(listener, surface(routes, guard), limits, stop.clone()));
        Self { address, metrics, stop, ended }
    }

    async fn nothing_in_flight(&self) {
        let idle = async {
            while self.metrics.in_flight.get() != 0 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(SOON, idle).await.expect("requests are still in flight");
    }

    /// Requests `/stream` and reads until the body has begun.
    async fn begin(&self) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(b"GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut seen = Vec::new();
        while !seen.windows(5).any(|window| window == b"begin") {
            assert!(stream.read_buf(&mut seen).await.unwrap() > 0, "{}", String::from_utf8_lossy(&seen));
        }
        stream
    }

    async fn ready(&self) -> u16 {
        send(&self.address, "GET", "/ready", &[], b"").await.status
    }
}

async fn streamed(State(pieces): State<Pieces>) -> Response {
    let pieces = pieces.lock().unwrap().take().unwrap();
    let pieces = stream::unfold(pieces, |mut pieces| async { Some((pieces.recv().await?, pieces)) });
    Response::new(Body::from_stream(pieces.map(Ok::<_, Infallible>)))
}

/// `/stream` sends what the test gives it. `/ready` answers at once.
fn routes() -> (OpenApiRouter, mpsc::Sender<Bytes>) {
    let (sender, receiver) = mpsc::channel(8);
    let pieces: Pieces = Arc::new(Mutex::new(Some(receiver)));
    let routes = Router::new().route("/stream", get(streamed)).route("/ready", get(|| async { "yes" }));
    (routes.with_state(pieces).into(), sender)
}

#[tokio::test]
async fn a_body_counts_until_its_end() {
    let (routes, pieces) = routes();
    let server = Server::start(routes, ServerLimits::default()).await;
    pieces.send(Bytes::from_static(b"begin")).await.unwrap();
    let mut stream = server.begin().await;
    assert_eq!(server.metrics.in_flight.get(), 1, "the head is out, the body is not");
    assert_eq!(server.ready().await, 503, "it still has the only slot");
    pieces.send(Bytes::from_static(b"end")).await.unwrap();
    drop(pieces);
    let mut rest = Vec::new();
    timeout(SOON, stream.read_to_end(&mut rest)).await.expect("it ends").unwrap();
    assert!(rest.ends_with(b"end\r\n0\r\n\r\n"), "{}", String::from_utf8_lossy(&rest));
    server.nothing_in_flight().await;
    assert_eq!(server.ready().await, 200);
}

#[tokio::test]
async fn a_client_that_hangs_up_frees_its_slot() {
    let (routes, pieces) = routes();
    let server = Server::start(routes, ServerLimits::default()).await;
    pieces.send(Bytes::from_static(b"begin")).await.unwrap();
    drop(server.begin().await);
    server.nothing_in_flight().await;
    assert_eq!(server.ready().await, 200);
}

#[tokio::test]
async fn an_answer_to_head_holds_nothing() {
    let (routes, _pieces) = routes();
    let server = Server::start(routes, ServerLimits::default()).await;
    let head = format!("HEAD /stream HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address);
    assert_eq!(raw(&server.address, head.as_bytes()).await.status, 200);
    server.nothing_in_flight().await;
}

/// Begins a body, and ends it with "goodbye" once the server stops.
async fn polite(draining: Draining) -> Response {
    let goodbye = stream::once(async move {
        draining.told().await;
        "goodbye"
    });
    Response::new(Body::from_stream(stream::iter(["begin"]).chain(goodbye).map(Ok::<_, Infallible>)))
}

#[tokio::test]
async fn a_body_is_told_of_the_stop_and_ends_itself() {
    let limits = ServerLimits { drain: SOON * 2, ..ServerLimits::default() };
    let server = Server::start(OpenApiRouter::new().route("/stream", get(polite)), limits).await;
    let mut stream = server.begin().await;
    server.stop.cancel();
    let mut rest = Vec::new();
    timeout(SOON, stream.read_to_end(&mut rest)).await.expect("it ends").unwrap();
    assert!(rest.ends_with(b"goodbye\r\n0\r\n\r\n"), "{}", String::from_utf8_lossy(&rest));
    timeout(SOON, server.ended).await.expect("the server stops once the body has ended").unwrap();
}

#[tokio::test]
async fn a_body_that_does_not_listen_is_cut_at_the_limit() {
    let (routes, pieces) = routes();
    let limits = ServerLimits { drain: Duration::from_millis(300), ..ServerLimits::default() };
    let server = Server::start(routes, limits).await;
    pieces.send(Bytes::from_static(b"begin")).await.unwrap();
    let mut stream = server.begin().await;
    server.stop.cancel();
    timeout(SOON, server.ended).await.expect("the stop hung").unwrap();
    let mut rest = Vec::new();
    // The client may see a reset or an end; in both cases the last chunk is missing.
    let _ = timeout(SOON, stream.read_to_end(&mut rest)).await.expect("it is cut");
    assert!(!rest.ends_with(b"0\r\n\r\n"), "{}", String::from_utf8_lossy(&rest));
}
