//! A collector gets the span of the request and the span of the commit, in one trace and without the payload.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::dev::kit::{Dev, LIMIT, consumer, producer, yaml};
use crate::testkit::client::client;
use hoopoe_e2e::free_port;

type Exports = Arc<Mutex<Vec<u8>>>;

async fn collector() -> (String, Exports) {
    let exports = Exports::default();
    let take = |State(exports): State<Exports>, body: Bytes| async move { exports.lock().unwrap().extend(body) };
    let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&exports));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, exports)
}

/// Counts the spans of each trace. The first field of a span is its trace id of 16 bytes (tag 0x0a, length 0x10).
fn spans_by_trace(exports: &[u8]) -> BTreeMap<Vec<u8>, usize> {
    let mut spans = BTreeMap::new();
    for window in exports.windows(20).filter(|window| window.starts_with(&[0x0a, 0x10]) && window[18..] == [0x12, 0x08])
    {
        *spans.entry(window[2..18].to_vec()).or_default() += 1;
    }
    spans
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_and_its_commit_are_one_trace() {
    let (url, exports) = collector().await;
    let port = free_port().unwrap();
    let mut manifests = [producer("orders", "shop.events", port), consumer("inbox", "shop.events", port)];
    for manifest in &mut manifests {
        manifest["spec"]["telemetry"] = json!({ "otlpEndpoint": url, "sampleRatio": "1" });
    }
    let dev = Dev::new(&yaml(&manifests)).started().await;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let sent = client()
        .post(format!("http://127.0.0.1:{port}/v1/notifications"))
        .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"))
        .json(&json!({ "owner": "ada", "kind": "k", "title": "never-in-a-trace" }))
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), 202);
    let trace: Vec<u8> = (0..16).map(|i| u8::from_str_radix(&trace[2 * i..2 * i + 2], 16).unwrap()).collect();
    let until = Instant::now() + LIMIT;
    while spans_by_trace(&exports.lock().unwrap()).get(&trace).copied().unwrap_or(0) < 2 {
        assert!(Instant::now() < until, "no two spans of the sender's trace: {}", dev.child().log());
        sleep(Duration::from_millis(100)).await;
    }
    let exports = exports.lock().unwrap();
    let text = String::from_utf8_lossy(&exports);
    assert!(text.contains("commit_batch") && text.contains("POST /v1/notifications"));
    assert!(!text.contains("never-in-a-trace"));
}
