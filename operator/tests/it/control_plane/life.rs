//! Both kinds from their creation to Ready, and what users see of them.

use std::time::Duration;

use crate::control_plane::kit::Kit;

const CONSUMER: &str = "queue: {name: life.inbox}, bindings: [{exchange: life, routingKey: 'order.*'}]";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_become_ready_read_well_and_then_nothing_moves() {
    let kit = Kit::shared().await;
    let shop = kit.namespace("life").await;
    shop.consumer("inbox", CONSUMER).await;
    shop.reason("ncons/inbox", "TopologyReady", "ExchangeMissing").await;
    shop.producer("events", "exchange: {name: life}").await;
    shop.ready("nprod/events").await;
    shop.ready("ncons/inbox").await;

    let columns = shop.kubectl(&["get", "ncons"]).await;
    println!("{columns}");
    let header: Vec<&str> = columns.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(header, ["NAME", "READY", "QUEUE", "WORKERS", "BACKLOG", "STATUS", "AGE"]);
    assert!(columns.contains("life.inbox") && columns.contains("1/1"), "{columns}");

    let before = shop.quiet_versions().await;
    assert!(before.len() >= 14, "{before:?}");
    tokio::time::sleep(Duration::from_secs(70)).await;
    assert_eq!(shop.versions().await, before, "seventy seconds in which nothing happened");
    // A message that no worker fetches is a backlog. The status shows it once it has lasted for a while.
    assert!(kit.publish("life", "order.shipped").await, "what is bound to is routed");
}
