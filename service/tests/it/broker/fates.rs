//! With a great many messages in flight, each publisher learns the fate of its own message.

use std::collections::BTreeSet;

use hoopoe::broker::PublishError;
use hoopoe_crds::{
    duration::Span,
    worker_config::{ExchangeType, PublishConfig},
};
use serde_json::json;

use crate::broker::kit::{Kit, drain, message, publish_in_time};

const MESSAGES: u64 = 10_000;

/// One message in ten is unroutable. Two messages share each id, and one of them may be unroutable while the other is
/// not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_publishes_with_one_in_ten_unroutable() {
    let kit = Kit::amqp().await;
    kit.declare(ExchangeType::Direct, &[json!({ "exchange": "orders", "routingKey": "known" })]).await;
    let config = PublishConfig { max_in_flight: 20_000, timeout: Span::from_secs(60) };
    let publisher = kit.publisher_with("orders", &config);
    publish_in_time(&*publisher, message(MESSAGES, "known")).await;
    let ids: Vec<_> = (0..MESSAGES / 2).map(|_| uuid::Uuid::now_v7()).collect();
    let tasks: Vec<_> = (0..MESSAGES)
        .map(|number| {
            let unroutable = number % 10 == 3;
            let mut outgoing = message(number, if unroutable { "unknown" } else { "known" });
            outgoing.id = ids[usize::try_from(number / 2).unwrap()];
            let publisher = publisher.clone();
            tokio::spawn(async move { (number, unroutable, publisher.publish(outgoing).await) })
        })
        .collect();
    let mut wrong = Vec::new();
    let mut expected = BTreeSet::from([MESSAGES]);
    for task in tasks {
        let (number, unroutable, result) = task.await.unwrap();
        let right = if unroutable { Err(PublishError::Unroutable) } else { Ok(()) };
        if result != right {
            wrong.push((number, result));
        }
        if !unroutable {
            expected.insert(number);
        }
    }
    assert!(wrong.is_empty(), "{} wrong, such as {:?}", wrong.len(), wrong.first());
    let arrived = drain(&*kit.queue("inbox")).await;
    assert_eq!(arrived.len(), expected.len());
    assert_eq!(arrived.into_iter().collect::<BTreeSet<_>>(), expected);
    kit.finish().await;
}
