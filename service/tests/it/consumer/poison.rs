//! Messages that can never be stored become dead letters with a class and a reason, and hold up no others.

use hoopoe::notif::{Json, Owner};
use hoopoe_e2e::RabbitMq;
use serde_json::json;
use uuid::Uuid;

use super::harness::Bench;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_bad_message_is_named_and_fails_nobody_else() {
    let bench = Bench::new(RabbitMq::shared().await.unwrap(), "poison").await;
    let id = Uuid::now_v7();
    let large = json!({ "owner": "alice", "kind": "k", "data": "x".repeat(65_536 + 4_096) }).to_string();
    let deep = format!(r#"{{"owner":"alice","kind":"k","data":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let bad: Vec<(Vec<u8>, &str)> = vec![
        (b"not json".to_vec(), "not_json"),
        (vec![0xff, 0xfe, 0x00], "not_json"),
        (json!({ "kind": "k" }).to_string().into_bytes(), "invalid_field"),
        (json!({ "owner": "x".repeat(191), "kind": "k" }).to_string().into_bytes(), "invalid_field"),
        (json!({ "owner": "a\u{0}b", "kind": "k" }).to_string().into_bytes(), "invalid_field"),
        (json!({ "owner": "alice", "kind": "k", "priority": 10 }).to_string().into_bytes(), "invalid_field"),
        (large.into_bytes(), "too_large"),
        (deep.into_bytes(), "not_json"),
        (
            json!({ "id": id, "owner": "alice", "kind": "k", "title": "another" }).to_string().into_bytes(),
            "id_conflict",
        ),
    ];
    bench.publish(id, json!({ "id": id, "owner": "alice", "kind": "k", "title": "first" }).to_string()).await;
    for (body, _) in &bad {
        bench.notify("alice", "fine").await;
        bench.publish(Uuid::now_v7(), body.clone()).await;
    }
    bench.notify("alice", "fine").await;
    let running = bench.start(bench.store.clone());
    bench.wait_items("alice", bad.len() + 2).await;
    running.drain().await;
    let letters = bench.dead_letters().await;
    let class = |letter: &hoopoe::broker::Delivery| letter.headers.get("x-hoopoe-class").cloned().unwrap_or_default();
    // With two lanes, dead letters may arrive in any order.
    let mut got: Vec<(Vec<u8>, String)> = letters.iter().map(|letter| (letter.body.to_vec(), class(letter))).collect();
    let mut want: Vec<(Vec<u8>, String)> = bad.into_iter().map(|(body, class)| (body, class.to_owned())).collect();
    got.sort();
    want.sort();
    assert_eq!(got, want);
    for letter in &letters {
        for header in ["x-hoopoe-reason", "x-hoopoe-queue", "x-hoopoe-at", "x-hoopoe-exchange"] {
            assert!(letter.headers.get(header).is_some_and(|value| !value.is_empty()), "{header} {letter:?}");
        }
    }
    assert_eq!(bench.items("alice").await.len(), 11);
}

/// A message in the original service's format is stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_original_style_message_is_stored() {
    let bench = Bench::new(RabbitMq::shared().await.unwrap(), "original").await;
    let body = json!({
        "id": "nid-1", "receiver_info": "bob", "action_type": "ProductPurchased", "actioner_info": "alice",
        "action_data": { "price": 12 }, "fired_at": 1_714_316_645, "is_seen": false,
    });
    bench.publish(Uuid::now_v7(), body.to_string()).await;
    let running = bench.start(bench.store.clone());
    bench.wait_items("bob", 1).await;
    running.drain().await;
    let items = bench.items("bob").await;
    assert_eq!(items[0].source_id.as_deref(), Some("nid-1"));
    assert_eq!((items[0].kind.as_str(), items[0].actor.as_str()), ("ProductPurchased", "alice"));
    assert_eq!(items[0].data.as_ref().map(Json::as_str), Some(r#"{"price":12}"#));
    assert_eq!(items[0].created_at.seconds(), 1_714_316_645);
    assert!(bench.dead_letters().await.is_empty());
}

/// A repeated id changes nothing, within one life of the consumer and after a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_changes_nothing() {
    let bench = Bench::new(RabbitMq::shared().await.unwrap(), "repeat").await;
    let id = Uuid::now_v7();
    let body = json!({ "id": id, "owner": "carol", "kind": "k", "title": "once" }).to_string();
    for _life in 0..2 {
        for _ in 0..5 {
            bench.publish(id, body.clone()).await;
        }
        bench.notify("carol-end", "k").await;
        let already = bench.items("carol-end").await.len();
        let running = bench.start(bench.store.clone());
        bench.wait_items("carol-end", already + 1).await;
        running.drain().await;
    }
    let head = bench.store.head(&Owner::parse("carol").unwrap()).await.unwrap().head;
    assert_eq!((head.rev, head.unread), (1, 1));
    assert_eq!(bench.items("carol").await.len(), 1);
    assert!(bench.dead_letters().await.is_empty());
}
