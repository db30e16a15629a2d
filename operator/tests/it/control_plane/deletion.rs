//! What a deletion leaves behind, and that it always ends.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::control_plane::kit::{Kit, broker};
use crate::testkit::wait::eventually;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_queue_goes_and_one_with_messages_stays_unbound_and_unclaimed() {
    let kit = Kit::shared().await;
    let shop = kit.namespace("deletion").await;
    shop.producer("events", "exchange: {name: deletion, ownership: Owned}").await;
    for (name, timeout) in [("empty", "5m"), ("full", "3s")] {
        let spec = format!(
            "queue: {{name: deletion.{name}, deletionTimeout: {timeout}}}, bindings: [{{exchange: deletion, \
             routingKey: {name}}}]"
        );
        shop.consumer(name, &spec).await;
    }
    shop.ready("nprod/events").await;
    shop.ready("ncons/empty").await;
    shop.ready("ncons/full").await;
    assert!(kit.publish("deletion", "full").await);
    shop.kubectl(&["delete", "ncons/empty", "--timeout=80s"]).await;
    assert_eq!(kit.broker("/api/queues/%2F/deletion.empty").await, Value::Null);
    assert_eq!(kit.broker("/api/queues/%2F/deletion.empty.dlq").await, Value::Null);
    assert_eq!(kit.broker("/api/policies/%2F/hoopoe.deletion.empty").await, Value::Null);

    // The pods of kwok drain nothing, so the queue stays. What is published from now on is returned to its sender.
    shop.kubectl(&["delete", "ncons/full", "--wait=false"]).await;
    let mut accepted = 1;
    eventually("unbound first", async || {
        let routed = kit.publish("deletion", "full").await;
        accepted += i64::from(routed);
        !routed
    })
    .await;
    eventually("the resource goes", async || !shop.exists("ncons/full").await).await;
    eventually("what was accepted is there, and no more", async || {
        kit.broker("/api/queues/%2F/deletion.full").await["messages"] == accepted
    })
    .await;
    assert_eq!(kit.broker("/api/policies/%2F/hoopoe.deletion.full").await, Value::Null, "no claim is left");
    assert_ne!(kit.broker("/api/policies/%2F/hoopoe-kept.deletion.full").await, Value::Null);
    let events = shop.kubectl(&["get", "events"]).await;
    assert!(events.contains("QueueKept") && events.contains("deletion.full"), "{events}");
    // A new resource with this name finds the queue and continues with it.
    shop.consumer("full", "queue: {name: deletion.full}, bindings: [{exchange: deletion, routingKey: full}]").await;
    shop.ready("ncons/full").await;
    shop.kubectl(&["delete", "nprod/events", "--timeout=60s"]).await;
    assert_ne!(kit.broker("/api/exchanges/%2F/deletion").await, Value::Null, "something is bound to it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namespace_deleted_whole_goes_with_its_secrets() {
    let kit = Kit::shared().await;
    let shop = kit.namespace("whole").await;
    shop.producer("events", "exchange: {name: whole, ownership: Owned}").await;
    shop.consumer("inbox", "queue: {name: whole}, bindings: [{exchange: whole}]").await;
    shop.ready("ncons/inbox").await;
    shop.ready("nprod/events").await;
    let started = Instant::now();
    kit.plane.kubectl(&["delete", "namespace", "whole", "--timeout=100s"]).await.unwrap();
    println!("a namespace went in {:.1} s", started.elapsed().as_secs_f32());
    assert_eq!(kit.broker("/api/queues/%2F/whole").await, Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_gone_holds_no_deletion_for_ever() {
    let kit = Kit::shared().await;
    let shop = kit.namespace("gone").await;
    let rabbit = broker().await;
    shop.secret("rabbit", &rabbit.url(), &[("managementUri", &rabbit.management_url())]).await;
    shop.producer("events", "exchange: {name: gone, ownership: Owned}").await;
    shop.consumer("inbox", "queue: {name: gone, deletionTimeout: 2s}, bindings: [{exchange: gone}]").await;
    shop.ready("ncons/inbox").await;
    rabbit.stop().await.unwrap();
    eventually("the broker is missed", async || {
        let status = shop.get("ncons/inbox").await["status"].clone();
        status["conditions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|found| found["type"] == "BrokerReachable" && found["status"] == "False")
    })
    .await;
    // Workers still run: a broker that is away is no reason to stop them.
    assert!(shop.exists("deploy/inbox-consumer").await);
    shop.kubectl(&["delete", "ncons/inbox", "nprod/events", "--wait=false"]).await;
    eventually("both go", async || !shop.exists("ncons/inbox").await && !shop.exists("nprod/events").await).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let events = shop.kubectl(&["get", "events"]).await;
    assert!(events.contains("TopologyLeft"), "{events}");
}

/// A quorum queue updates its count every five seconds, so a single read shows a message of a moment ago as an empty
/// queue. The queues update at different moments, so of six some have not counted when their bindings are removed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_a_moment_before_the_deletion_is_kept_where_nobody_drains_it() {
    let kit = Kit::shared().await;
    let shop = kit.namespace("moment").await;
    let names = ["a", "b", "c", "d", "e", "hurried"];
    for name in names {
        let (lifecycle, timeout) = if name == "hurried" { ("Running", "0s") } else { ("Stopped", "5m") };
        let spec = format!(
            "lifecycle: {lifecycle}, queue: {{name: moment.{name}, deletionTimeout: {timeout}}}, bindings: \
             [{{exchange: amq.topic, routingKey: moment}}]"
        );
        shop.consumer(name, &spec).await;
        shop.ready(&format!("ncons/{name}")).await;
    }
    // The queues were last counted while they were empty.
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(kit.publish("amq.topic", "moment").await);
    shop.kubectl(&["delete", "ncons", "--all", "--timeout=80s"]).await;
    for name in names {
        let queue = format!("/api/queues/%2F/moment.{name}");
        eventually("it is there", async || kit.broker(&queue).await["messages"] == 1).await;
        // Its dead-letter queue stays, so that messages that expire have a place.
        assert_ne!(kit.broker(&format!("{queue}.dlq")).await, Value::Null, "{name}");
    }
}
