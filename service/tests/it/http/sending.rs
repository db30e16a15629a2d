//! `POST /v1/notifications`, over the embedded broker.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use hoopoe::broker::Queue;

use crate::http::kit::{Stand, producer_config};

const PATH: &str = "/v1/notifications";

async fn accepted(stand: &Stand, body: &Value) -> Uuid {
    let answer = stand.post(PATH, body.to_string()).await;
    assert_eq!(answer.status, 202, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()["id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_202_is_in_the_queue_under_its_id() {
    let stand = Stand::start().await;
    let id = accepted(&stand, &json!({"owner": "ada", "kind": "order.shipped", "data": {"n": 1}})).await;
    let mut lane = stand.broker.queue("inbox").open_lane(10).await.unwrap();
    let delivery = tokio::time::timeout(Duration::from_secs(20), lane.next()).await.unwrap().unwrap();
    assert_eq!(delivery.message_id, Some(id.to_string()));
    assert_eq!(delivery.routing_key, "order.shipped");
    let body: Value = serde_json::from_slice(&delivery.body).unwrap();
    assert_eq!((&body["owner"], &body["data"]), (&json!("ada"), &json!({"n": 1})));
}

#[tokio::test]
async fn ids_are_the_sender_s_where_it_gives_one() {
    let stand = Stand::start().await;
    let uuid = Uuid::now_v7();
    assert_eq!(accepted(&stand, &json!({"id": uuid, "owner": "a", "kind": "k"})).await, uuid);
    let text = json!({"id": "order-7", "owner": "a", "kind": "k"});
    assert_eq!(accepted(&stand, &text).await, accepted(&stand, &text).await);
    let plain = json!({"owner": "a", "kind": "k"});
    assert_ne!(accepted(&stand, &plain).await, accepted(&stand, &plain).await);

    let keyed = |key: &'static str| {
        let (stand, body) = (&stand, plain.to_string());
        async move {
            let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key)];
            stand.send("POST", PATH, &headers, body.as_bytes()).await
        }
    };
    assert_eq!(keyed("k1").await.json(), keyed("k1").await.json());
    assert_ne!(keyed("k1").await.json(), keyed("k2").await.json());
    keyed("").await.fault(400, "bad_header", "Idempotency-Key");
    keyed("a b").await.fault(400, "bad_header", "Idempotency-Key");
    keyed("é").await.fault(400, "bad_header", "Idempotency-Key");
    keyed(Box::leak("k".repeat(256).into_boxed_str())).await.fault(400, "bad_header", "Idempotency-Key");
    assert_eq!(keyed(Box::leak("k".repeat(255).into_boxed_str())).await.status, 202);
    let twice = [("Content-Type", "application/json"), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")];
    stand.send("POST", PATH, &twice, plain.to_string().as_bytes()).await.fault(400, "bad_header", "Idempotency-Key");
}

#[tokio::test]
async fn every_limit_holds_just_inside_and_names_its_field_just_outside() {
    let stand = Stand::start().await;
    let with = |field: &str, value: Value| {
        let mut body = json!({"owner": "a", "kind": "k"});
        body[field] = value;
        body
    };
    let nested = |depth: usize| {
        let mut text = json!({"owner": "a", "kind": "k"}).to_string();
        text.truncate(text.len() - 1);
        format!("{text},\"data\":{}{}}}", "[".repeat(depth), "]".repeat(depth))
    };
    let inside = [
        ("id", json!("i".repeat(255))),
        ("owner", json!("o".repeat(190))),
        ("owner", json!("🎉".repeat(47))),
        ("kind", json!(format!("order.{}", "k".repeat(58)))),
        ("actor", json!("a".repeat(190))),
        ("actor", json!("")),
        ("title", json!("t".repeat(512))),
        ("body", json!("b".repeat(32768))),
        ("priority", json!(0)),
        ("priority", json!(9)),
        ("created_at", json!("1970-01-01T00:00:00Z")),
        ("created_at", json!("2199-12-31T23:59:59Z")),
        ("created_at", json!(0)),
        ("expires_at", json!("2199-12-31T23:59:59Z")),
    ];
    for (field, value) in inside {
        accepted(&stand, &with(field, value)).await;
    }
    assert_eq!(stand.post(PATH, nested(100)).await.status, 202);
    let outside = [
        ("id", json!("")),
        ("id", json!("i".repeat(256))),
        ("id", json!("a\u{1}")),
        ("id", json!(7)),
        ("owner", json!("")),
        ("owner", json!("o".repeat(191))),
        ("owner", json!("🎉".repeat(48))),
        ("owner", json!("a\u{0}b")),
        ("owner", json!(null)),
        ("owner", json!(["a"])),
        ("kind", json!("")),
        ("kind", json!("k".repeat(65))),
        ("actor", json!("a".repeat(191))),
        ("actor", json!("a\u{0}")),
        ("title", json!("t".repeat(513))),
        ("title", json!("\u{0}")),
        ("body", json!("b".repeat(32769))),
        ("priority", json!(10)),
        ("priority", json!(-1)),
        ("priority", json!(1.5)),
        ("priority", json!("1")),
        ("created_at", json!("1969-12-31T23:59:59Z")),
        ("created_at", json!("2200-01-01T00:00:01Z")),
        ("created_at", json!("yesterday")),
        ("created_at", json!(-1)),
        ("expires_at", json!("2026-02-30T00:00:00Z")),
        ("colour", json!("red")),
    ];
    for (field, value) in outside {
        let answer = stand.post(PATH, with(field, value).to_string()).await;
        answer.fault(422, "invalid_field", field);
    }
    stand.post(PATH, r#"{"kind": "k"}"#).await.fault(422, "invalid_field", "owner");
    stand.post(PATH, r#"{"owner": "a", "owner": "b", "kind": "k"}"#).await.fault(422, "invalid_field", "owner");
    assert!((400..500).contains(&stand.post(PATH, nested(10_000)).await.status));
}

#[tokio::test]
async fn what_is_no_notification_is_told_apart() {
    let stand = Stand::start().await;
    for body in ["", "{", "nonsense", "{\"owner\": \"a\",}", "{} {}", "[]", "7", "null", "\"text\""] {
        stand.post(PATH, body).await.problem(400, "not_json");
    }
    stand.post(PATH, b"{\"owner\": \"\xff\", \"kind\": \"k\"}").await.problem(400, "not_json");
    let json = json!({"owner": "a", "kind": "k"}).to_string();
    for kind in ["text/plain", "application/xml", "application/json; charset=latin1"] {
        let answer = stand.send("POST", PATH, &[("Content-Type", kind)], json.as_bytes()).await;
        answer.problem(415, "unsupported_media_type");
    }
    stand.send("POST", PATH, &[], json.as_bytes()).await.problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn a_body_is_taken_up_to_its_limit() {
    let stand = Stand::start().await;
    let sized = |size: usize| {
        let bare = json!({"owner": "a", "kind": "k", "data": ""}).to_string().len();
        json!({"owner": "a", "kind": "k", "data": "x".repeat(size - bare)}).to_string()
    };
    assert_eq!(stand.post(PATH, sized(65_536)).await.status, 202);
    stand.post(PATH, sized(65_537)).await.problem(413, "too_large");
    stand.post(PATH, sized(10_000_000)).await.problem(413, "too_large");
    let chunk = format!("{:x}\r\n{}\r\n", 10_000, "x".repeat(10_000));
    let chunked = format!(
        "POST {PATH} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: \
         chunked\r\n\r\n{}0\r\n\r\n",
        chunk.repeat(100)
    );
    crate::http::kit::raw(&stand.address, chunked.as_bytes()).await.problem(413, "too_large");
}

#[tokio::test]
async fn an_unroutable_one_is_a_503_with_its_id() {
    let stand = Stand::start().await;
    let id = Uuid::now_v7();
    let body = json!({"id": id, "owner": "a", "kind": "nobody.listens"}).to_string();
    assert_eq!(stand.post(PATH, body).await.problem(503, "unroutable")["id"], id.to_string());
    let made = stand.post(PATH, r#"{"owner": "a", "kind": "nobody.listens"}"#).await.problem(503, "unroutable");
    assert!(made["id"].as_str().unwrap().parse::<Uuid>().is_ok(), "a retry can carry the id that was made");
}

#[tokio::test]
async fn the_rate_limit_is_a_429_with_the_id() {
    let mut config = producer_config();
    config.limits.rate_per_second = Some(3);
    let stand = Stand::with(config).await;
    let body = r#"{"owner": "a", "kind": "k"}"#;
    let mut refused = 0;
    for _ in 0..8 {
        let answer = stand.post(PATH, body).await;
        if answer.status != 202 {
            assert!(answer.problem(429, "rate_limited")["id"].is_string());
            refused += 1;
        }
    }
    assert!((1..=5).contains(&refused), "{refused} of 8 over a limit of 3 a second");
    let items = vec![json!({"owner": "a", "kind": "k"}); 10];
    let batch = stand.post("/v1/notifications:batch", Value::from(items).to_string()).await;
    assert_eq!(batch.status, 207);
    assert_eq!(batch.header("retry-after"), "1");
}

#[tokio::test]
async fn a_routing_key_over_its_limit_is_the_field_s_fault() {
    let mut config = producer_config();
    config.routing_key = "{kind}.{owner}.{actor}".to_owned();
    let stand = Stand::with(config).await;
    let body = json!({"owner": "o".repeat(190), "kind": "order", "actor": "a".repeat(100)}).to_string();
    stand.post(PATH, body).await.fault(422, "invalid_field", "owner");
    accepted(&stand, &json!({"owner": "o".repeat(190), "kind": "order"})).await;
}

#[tokio::test]
async fn the_trace_goes_with_the_message() {
    let stand = Stand::start().await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = [("Content-Type", "application/json"), ("traceparent", parent), ("tracestate", "a=b")];
    let sent = stand.send("POST", PATH, &headers, br#"{"owner": "a", "kind": "k"}"#).await;
    assert_eq!(sent.status, 202);
    let mut lane = stand.broker.queue("inbox").open_lane(10).await.unwrap();
    let delivery = tokio::time::timeout(Duration::from_secs(20), lane.next()).await.unwrap().unwrap();
    assert_eq!(delivery.headers["traceparent"], parent);
    assert_eq!(delivery.headers["tracestate"], "a=b");
}
