//! What only AMQP has.

use std::time::Duration;

use hoopoe::broker::{AmqpPublisher, ConnectLabels, DeadLetter, LetterClass, PublishError, Publisher};
use hoopoe_crds::worker_config::{ExchangeType, PublishConfig, TlsConfig};
use hoopoe_e2e::Method;
use lapin::{
    BasicProperties, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    types::{AMQPValue, FieldArray, FieldTable},
};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::broker::kit::{
    Kit, SOON, drain, message, metrics, next, nothing, number, open, publish_all, publish_in_time,
};

async fn topic() -> Kit {
    let kit = Kit::amqp().await;
    kit.declare(ExchangeType::Topic, &[json!({ "exchange": "orders", "routingKey": "#" })]).await;
    kit
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledgement_after_the_channel_is_gone_is_an_error() {
    let kit = topic().await;
    let publisher = kit.publisher("orders");
    publish_in_time(&*publisher, message(1, "a")).await;
    let queue = kit.queue("inbox");
    let mut lane = open(&*queue, 10).await;
    let delivery = next(&mut *lane).await;
    // The broker closes the channel when a tag was never given out.
    let _ = lane.ack_through(delivery.tag + 98).await;
    assert!(timeout(SOON, lane.next()).await.unwrap().is_err());
    assert!(lane.ack_through(delivery.tag).await.is_err());
    drop(lane);
    assert_eq!(drain(&*queue).await, [1], "it was not acknowledged");
    kit.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_classic_queue_says_only_that_it_was_delivered_before() {
    let kit = Kit::amqp().await;
    kit.exchange("orders", ExchangeType::Topic).await;
    let config = json!({
        "queue": { "name": "classic", "type": "Classic", "maxPriority": 9 },
        "bindings": [{ "exchange": "orders", "routingKey": "#" }],
    });
    kit.topology().declare_queue(&serde_json::from_value(config).unwrap()).await.unwrap();
    publish_in_time(&*kit.publisher("orders"), message(1, "a")).await;
    let queue = kit.queue("classic");
    for count in [0, 1, 1] {
        let mut lane = open(&*queue, 1).await;
        assert_eq!(next(&mut *lane).await.delivery_count, count);
        lane.close().await;
    }
    kit.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishing_and_consuming_never_share_a_connection() {
    let kit = topic().await;
    publish_in_time(&*kit.publisher("orders"), message(1, "a")).await;
    let publisher = kit.publisher("orders");
    publish_in_time(&*publisher, message(2, "a")).await;
    let queue = kit.queue("inbox");
    let mut lane = open(&*queue, 10).await;
    let delivery = next(&mut *lane).await;
    let letter = DeadLetter { delivery, class: LetterClass::NotJson, reason: "r".to_owned() };
    assert_eq!(lane.dead_letter(vec![letter]).await, [Ok(())]);
    let Kit::Amqp { server, vhost, .. } = &kit else { unreachable!("made above") };
    let mut names = Vec::new();
    for _ in 0..50 {
        let listed = server.get(&format!("/api/vhosts/{vhost}/connections")).await.unwrap();
        let name = |connection: &Value| connection["client_properties"]["connection_name"].as_str().map(str::to_owned);
        names = listed.as_array().unwrap().iter().filter_map(name).collect();
        names.sort();
        if names.len() >= 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(names.contains(&"hoopoe publish".to_owned()), "{names:?}");
    assert!(names.contains(&"hoopoe consume inbox".to_owned()), "{names:?}");
    assert!(names.contains(&"hoopoe dead-letter inbox".to_owned()), "{names:?}");
    lane.close().await;
    publisher.close().await;
    queue.close().await;
    kit.finish().await;
}

/// At most one channel is closed, however many tasks publish to a missing exchange. The check whether an exchange
/// exists needs no right but to write to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_exchange_costs_no_connection() {
    let kit = Kit::amqp().await;
    let Kit::Amqp { server, vhost, url, .. } = &kit else { unreachable!("made above") };
    let user = json!({ "password": "writes", "tags": "" });
    server.management(Method::PUT, "/api/users/writer", Some(&user)).await.unwrap();
    let rights = json!({ "configure": "", "write": "^orders$", "read": "" });
    server.management(Method::PUT, &format!("/api/permissions/{vhost}/writer"), Some(&rights)).await.unwrap();
    let (_, place) = url.split_once('@').unwrap();
    let url = format!("amqp://writer:writes@{place}");
    let metrics = metrics();
    let publisher =
        AmqpPublisher::start(&url, &TlsConfig::default(), "orders", &PublishConfig::default(), metrics.clone());
    for _ in 0..150 {
        let results = publish_all(&publisher, 0..100, "known").await;
        assert_eq!(results, vec![Err(PublishError::ExchangeMissing); 100]);
    }
    kit.declare(ExchangeType::Topic, &[json!({ "exchange": "orders", "routingKey": "#" })]).await;
    assert_eq!(publisher.publish(message(1, "known")).await, Ok(()));
    assert_eq!(metrics.connects.get_or_create(&ConnectLabels { outcome: "connected" }).get(), 1);
    publisher.close().await;
    server.management(Method::DELETE, "/api/users/writer", None).await.unwrap();
    kit.finish().await;
}

/// Properties that a sender sets must not stop the dead letter: a foreign `user_id` closes the channel, `CC` sends
/// copies, and `expiration` would empty the dead-letter queue.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_properties_of_a_plain_client_do_no_harm() {
    let kit = topic().await;
    let Kit::Amqp { url, .. } = &kit else { unreachable!("made above") };
    let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    let mut headers = FieldTable::default();
    headers.insert("CC".into(), FieldArray::from(vec![AMQPValue::LongString("inbox".into())]).into());
    headers.insert("text".into(), AMQPValue::LongString("kept".into()));
    headers.insert("not-utf8".into(), AMQPValue::LongString(vec![0xff, 0xfe].into()));
    headers.insert("number".into(), AMQPValue::LongInt(5));
    let properties = BasicProperties::default()
        .with_headers(headers)
        .with_user_id("hoopoe".into())
        .with_timestamp(u64::MAX)
        .with_app_id("plain".into())
        .with_expiration("60000".into());
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let confirm = channel.basic_publish("orders".into(), "a".into(), options, b"7", properties).await.unwrap();
    assert!(confirm.await.unwrap().is_ack());
    let queue = kit.queue("inbox");
    let mut lane = open(&*queue, 10).await;
    let delivery = next(&mut *lane).await;
    assert_eq!((number(&delivery), delivery.timestamp, delivery.message_id.as_ref()), (7, None, None));
    assert_eq!(delivery.headers.get("text").map(String::as_str), Some("kept"));
    let letter = DeadLetter { delivery: delivery.clone(), class: LetterClass::NotJson, reason: "r".to_owned() };
    assert_eq!(lane.dead_letter(vec![letter]).await, [Ok(())]);
    lane.ack_through(delivery.tag).await.unwrap();
    nothing(&mut *lane).await;
    lane.close().await;
    let dead = kit.queue("inbox.dlq");
    let letter = next(&mut *open(&*dead, 10).await).await;
    assert_eq!(letter.headers.get("text").map(String::as_str), Some("kept"));
    assert_eq!(number(&letter), 7);
    kit.finish().await;
}
