//! The server itself: its limits, how it stops, and its reports on itself.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, routing::get};
use hoopoe::{
    edge::http::{Guard, HttpMetrics, surface},
    identity::Anonymous,
};
use hoopoe_web::{Readiness, ReadyzFormat, ServeError, ServerLimits, admin_router, bind, serve};
use prometheus_client::registry::Registry;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
};
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;

use crate::http::kit::{Stand, producer_config, send};
use crate::testkit::{client::install_crypto, wait::SOON};

struct Server {
    address: String,
    stop: CancellationToken,
    ended: tokio::task::JoinHandle<()>,
}

async fn start(router: Router, limits: ServerLimits) -> Server {
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let stop = CancellationToken::new();
    let ended = tokio::spawn(serve(listener, router, limits, stop.clone()));
    Server { address, stop, ended }
}

fn slow(pause: Duration) -> Router {
    entered(pause, &Arc::default())
}

/// Tells when a request is being served.
fn entered(pause: Duration, entered: &Arc<Notify>) -> Router {
    let entered = Arc::clone(entered);
    let answer = async move || {
        entered.notify_one();
        tokio::time::sleep(pause).await;
        "done"
    };
    Router::new().route("/slow", get(answer))
}

#[tokio::test]
async fn a_port_in_use_is_said_in_one_line() {
    let first = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = first.local_addr().unwrap();
    let error = bind(address).await.unwrap_err();
    assert!(matches!(error, ServeError::PortInUse(_)));
    assert_eq!(error.to_string(), format!("failed to listen on {address}: the port is in use"));
}

#[tokio::test]
async fn a_stop_lets_requests_finish_and_takes_no_new_ones() {
    let serving = Arc::new(Notify::new());
    let limits = ServerLimits { drain: SOON * 2, ..ServerLimits::default() };
    let server = start(entered(Duration::from_secs(1), &serving), limits).await;
    let address = server.address.clone();
    let idle = TcpStream::connect(&address).await.unwrap();
    let request = tokio::spawn(async move { send(&address, "GET", "/slow", &[], b"").await });
    serving.notified().await;
    server.stop.cancel();
    let closed = async { while TcpStream::connect(&server.address).await.is_ok() {} };
    tokio::time::timeout(SOON, closed).await.expect("the listener is closed");
    assert_eq!(request.await.unwrap().body, b"done");
    tokio::time::timeout(SOON, server.ended).await.expect("an idle connection kept the server from stopping").unwrap();
    drop(idle);
}

#[tokio::test]
async fn a_stop_is_bounded() {
    let limits = ServerLimits { drain: Duration::from_millis(300), ..ServerLimits::default() };
    let serving = Arc::new(Notify::new());
    let server = start(entered(Duration::from_mins(2), &serving), limits).await;
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    serving.notified().await;
    server.stop.cancel();
    tokio::time::timeout(SOON, server.ended).await.expect("the server did not stop").unwrap();
}

#[tokio::test]
async fn whoever_says_nothing_or_drips_is_cut_off() {
    let patience = Duration::from_millis(300);
    let limits = ServerLimits { first_byte: patience, head: patience, ..ServerLimits::default() };
    let server = start(slow(Duration::ZERO), limits).await;
    for opening in [&b""[..], b"PRI * HTTP/2.0\r\n", b"GET /slow HTTP/1.1\r\nHost: a\r\nX-Slow: "] {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        stream.write_all(opening).await.unwrap();
        let started = Instant::now();
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(SOON, stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "still open: {opening:?}");
        assert!(started.elapsed() >= Duration::from_millis(200), "cut off at once: {opening:?}");
    }
}

#[tokio::test]
async fn too_many_requests_at_once_are_a_503() {
    let stand = Stand::bounded(producer_config(), 0).await;
    stand.get("/v1/owners/a/feed").await.problem(503, "busy");
    stand.post("/v1/notifications", "{}").await.problem(503, "busy");
}

#[tokio::test]
async fn connections_over_the_limit_wait_their_turn() {
    let limits = ServerLimits { connections: 1, ..ServerLimits::default() };
    let server = start(slow(Duration::from_millis(200)), limits).await;
    let started = Instant::now();
    let (one, two) =
        tokio::join!(send(&server.address, "GET", "/slow", &[], b""), send(&server.address, "GET", "/slow", &[], b""));
    assert_eq!((one.status, two.status), (200, 200));
    assert!(started.elapsed() >= Duration::from_millis(400));
}

async fn panics() -> &'static str {
    panic!("on purpose")
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_next_request_is_served() {
    let mut registry = Registry::default();
    let stop = CancellationToken::new();
    let guard = Guard::new(1, HttpMetrics::register(&mut registry), Arc::new(Anonymous), &stop);
    let routes = OpenApiRouter::new().route("/panics", get(panics)).route("/works", get(|| async { "yes" }));
    let server = start(surface(routes, guard), ServerLimits::default()).await;
    for _ in 0..3 {
        let answer = send(&server.address, "GET", "/panics", &[], b"").await;
        answer.problem(500, "internal");
        assert_eq!(send(&server.address, "GET", "/works", &[], b"").await.body, b"yes", "the slot came back");
    }
}

#[tokio::test]
async fn http2_without_tls_is_spoken() {
    let stand = Stand::start().await;
    install_crypto();
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let answer = client.get(format!("http://{}/v1/owners/a/head", stand.address)).send().await.unwrap();
    assert_eq!((answer.version(), answer.status().as_u16()), (reqwest::Version::HTTP_2, 200));
}

#[tokio::test]
async fn health_is_latched_and_metrics_are_open_metrics() {
    let mut registry = Registry::default();
    let metrics = HttpMetrics::register(&mut registry);
    metrics.in_flight.set(7);
    let readiness = Readiness::default();
    let up = Arc::new(AtomicBool::new(false));
    let probe = Arc::clone(&up);
    readiness.add("broker", true, move || probe.load(Ordering::SeqCst));
    let router = admin_router(readiness.clone(), Arc::new(Mutex::new(registry)), ReadyzFormat::Json);
    let server = start(router, ServerLimits::default()).await;
    let get = |path: &'static str| {
        let address = server.address.clone();
        async move { send(&address, "GET", path, &[], b"").await }
    };
    assert_eq!(get("/healthz").await.status, 200);
    let waiting = get("/readyz").await;
    assert_eq!((waiting.status, &waiting.json()["parts"][0]["up"]), (503, &false.into()));
    up.store(true, Ordering::SeqCst);
    assert_eq!(get("/readyz").await.status, 200);
    up.store(false, Ordering::SeqCst);
    let degraded = get("/readyz").await;
    assert_eq!((degraded.status, &degraded.json()["parts"][0]["up"]), (200, &false.into()));
    readiness.drain();
    assert_eq!(get("/readyz").await.status, 503);
    assert_eq!(get("/healthz").await.status, 200);
    let metrics = get("/metrics").await;
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
    let text = String::from_utf8(metrics.body).unwrap();
    assert!(text.contains("hoopoe_http_in_flight 7\n") && text.ends_with("# EOF\n"), "{text}");
    get("/nothing").await.problem(404, "not_found");
}
