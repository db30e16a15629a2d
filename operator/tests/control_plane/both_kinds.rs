//! Both kinds from nothing to Ready, and what people see of them.

use std::time::Duration;

use crate::kit::Kit;

const CONSUMER: &str = "queue: {name: inbox}, bindings: [{exchange: events, routingKey: 'order.*'}]";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_become_ready_read_well_and_then_nothing_moves() {
    let mut kit = Kit::start().await;
    let operator = kit.operator(&[]).await;
    let shop = kit.namespace("shop").await;
    shop.consumer("inbox", CONSUMER).await;
    shop.reason("ncons/inbox", "TopologyReady", "ExchangeMissing").await;
    shop.producer("events", "exchange: {name: events}").await;
    shop.ready("nprod/events").await;
    shop.ready("ncons/inbox").await;
    println!("{}", shop.kubectl(&["get", "hoopoe", "-o", "wide"]).await);
    println!("{}", shop.kubectl(&["get", "deploy,svc,cm,sa,pdb,events"]).await);

    let before = shop.versions().await;
    assert!(before.len() >= 10, "{before:?}");
    tokio::time::sleep(Duration::from_secs(65)).await;
    assert_eq!(shop.versions().await, before, "a minute in which nothing happened");
    operator.stop().await;
}
