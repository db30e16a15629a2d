//! What both brokers do in the same way.

use std::time::Duration;

use hoopoe::broker::{DeadLetter, LaneError, LetterClass, PublishError, TopologyError};
use hoopoe_crds::{
    duration::Span,
    worker_config::{ExchangeConfig, ExchangeType, PublishConfig},
};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::broker::kit::{
    Kit, SOON, consumer, drain, limited, message, next, nothing, number, open, publish_all, publish_in_time,
    with_headers,
};

pub type Check = for<'a> fn(&'a Kit) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

macro_rules! for_both {
    ($($name:ident),* $(,)?) => {
        /// Each check with its name, so that other versions of RabbitMQ can run them too.
        pub fn all() -> Vec<(&'static str, Check)> {
            vec![$((stringify!($name), |kit| Box::pin($name(kit)))),*]
        }
        mod rabbitmq {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let kit = crate::broker::kit::Kit::amqp().await;
                super::$name(&kit).await;
                kit.finish().await;
            })*
        }
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let kit = crate::broker::kit::Kit::embedded().await;
                super::$name(&kit).await;
                kit.finish().await;
            })*
        }
    };
}

for_both!(
    a_message_arrives_as_it_was_sent,
    order_is_kept_and_an_acknowledgement_covers_all_before,
    prefetch_is_honoured,
    two_lanes_never_share_a_message,
    what_a_lane_held_comes_again_and_knows_it,
    next_may_be_cancelled,
    a_stopped_lane_gets_no_more_and_may_still_acknowledge,
    a_dead_letter_says_why,
    a_dead_letter_without_a_queue_is_told,
    a_full_dead_letter_queue_is_told,
    bindings_of_four_types,
    unroutable_and_missing,
    one_message_to_two_queues,
    a_full_queue_refuses,
    too_many_in_flight,
    declarations_repeat_and_mismatch,
    a_queue_may_come_before_its_exchange,
    a_queue_is_removed_only_when_empty,
    a_caller_who_goes_away_breaks_nothing,
    what_is_too_old_leaves_for_the_dead_letters,
    what_is_delivered_too_often_leaves_for_the_dead_letters,
);

const ALL: &str = "#";

async fn topic(kit: &Kit) {
    kit.declare(ExchangeType::Topic, &[json!({ "exchange": "orders", "routingKey": ALL })]).await;
}

async fn a_message_arrives_as_it_was_sent(kit: &Kit) {
    topic(kit).await;
    let publisher = kit.publisher("orders");
    let sent = message(7, "order.shipped");
    publish_in_time(&*publisher, sent.clone()).await;
    assert!(publisher.is_connected());
    let queue = kit.queue("inbox");
    let mut lane = open(&*queue, 10).await;
    assert!(queue.is_connected());
    let delivery = next(&mut *lane).await;
    assert_eq!((delivery.delivery_count, number(&delivery)), (0, 7));
    assert_eq!((delivery.exchange.as_str(), delivery.routing_key.as_str()), ("orders", "order.shipped"));
    assert_eq!(delivery.message_id, Some(sent.id.to_string()));
    assert_eq!(delivery.timestamp, Some(sent.timestamp));
    assert_eq!(delivery.headers["traceparent"], "00-a-b-01");
    lane.ack_through(delivery.tag).await.unwrap();
    lane.close().await;
    publisher.close().await;
    queue.close().await;
}

async fn order_is_kept_and_an_acknowledgement_covers_all_before(kit: &Kit) {
    topic(kit).await;
    let publisher = kit.publisher("orders");
    for number in 0..10 {
        publish_in_time(&*publisher, message(number, "a")).await;
    }
    let queue = kit.queue("inbox");
    let mut lane = open(&*queue, 100).await;
    let mut deliveries = Vec::new();
    for _ in 0..10 {
        deliveries.push(next(&mut *lane).await);
    }
    assert_eq!(deliveries.iter().map(number).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
    assert!(deliveries.windows(2).all(|pair| pair[0].tag < pair[1].tag));
    lane.ack_through(deliveries[6].tag).await.unwrap();
    lane.close().await;
    let mut again = drain(&*queue).await;
    again.sort_unstable();
    assert_eq!(again, [7, 8, 9]);
    assert_eq!(drain(&*queue).await, Vec::<u64>::new());
}

async fn prefetch_is_honoured(kit: &Kit) {
    topic(kit).await;
    let publisher = kit.publisher("orders");
    publish_in_time(&*publisher, message(0, "a")).await;
    assert!(publish_all(&*publisher, 1..5, "a").await.iter().all(Result::is_ok));
    let queue = kit.queue("inbox");
    let mut lane = open(&*queue, 2).await;
    next(&mut *lane).await;
    let second = next(&mut *lane).await;
    nothing(&mut *lane).await;
    lane.ack_through(second.tag).await.unwrap();
    next(&mut *lane).await;
    next(&mut *lane).await;
    nothing(&mut *lane).await;
    lane.close().await;
}

async fn two_lanes_never_share_a_message(kit: &Kit) {
    topic(kit).await;
    let publisher = kit.publisher("orders");
    publish_in_time(&*publisher, message(0, "a")).await;
    let queue = kit.queue("inbox");
    let (mut one, mut two) = (open(&*queue, 50).await, open(&*queue, 50).await);
    assert!(publish_all(&*publisher, 1..600, "a").await.iter().all(Result::is_ok));
    let (mut numbers, mut counts) = (Vec::new(), [0, 0]);
    while numbers.len() < 600 {
        let (lane, delivery) = tokio::select! {
            delivery = one.next() => (0, delivery.unwrap()),
            delivery = two.next() => (1, delivery.unwrap()),
        };
        counts[lane] += 1;
        numbers.push(number(&delivery));
        let lane = if lane == 0 { &mut one } else { &mut two };
        lane.ack_through(delivery.tag).await.unwrap();
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..600).collect::<Vec<_>>());
    assert!(counts.iter().all(|count| *count > 60), "both lanes work: {counts:?}");
}

async fn what_a_lane_held_comes_again_and_knows_it(kit: &Kit) {
    topic(kit).await;
    publish_in_time(&*kit.publisher("orders"), message(1, "a")).await;
    let queue = kit.queue("inbox");
    for count in 0..4 {
        let mut lane = open(&*queue, 10).await;
        assert_eq!(next(&mut *lane).await.delivery_count, count);
        // A lane that is closed and a lane that is dropped must behave alike.
        if count % 2 == 0 {
            lane.close().await;
        }
    }
}

async fn next_may_be_cancelled(kit: &Kit) {
    topic(kit).await;
    let publisher = kit.publisher("orders");
    let queue = kit.queue("inbox");
    let mut lane = open(&*queue, 1000).await;
    let publishing = tokio::spawn(async move {
        for number in 0..200 {
            publish_in_time(&*publisher, message(number, "a")).await;
        }
    });
    let mut numbers = Vec::new();
    while numbers.len() < 200 {
        if let Ok(delivery) = timeout(Duration::from_micros(300), lane.next()).await {
            numbers.push(number(&delivery.unwrap()));
        }
    }
    publishing.await.unwrap();
    assert_eq!(numbers, (0..200).collect::<Vec<_>>());
}

async fn a_stopped_lane_gets_no_more_and_may_still_acknowledge(kit: &Kit) {
    topic(kit).await;
    let publisher = kit.publisher("orders");
    publish_in_time(&*publisher, message(0, "a")).await;
    let queue = kit.queue("inbox");
    let mut lane = open(&*queue, 10).await;
    let first = next(&mut *lane).await;
    lane.stop().await.unwrap();
    publish_in_time(&*publisher, message(1, "a")).await;
    let more = timeout(Duration::from_millis(400), lane.next()).await;
    assert!(!matches!(more, Ok(Ok(_))), "{more:?}");
    lane.ack_through(first.tag).await.unwrap();
    lane.close().await;
    assert_eq!(drain(&*queue).await, [1]);
}

async fn a_dead_letter_says_why(kit: &Kit) {
    topic(kit).await;
    let publisher = kit.publisher("orders");
    let sent = message(5, "order.shipped");
    publish_in_time(&*publisher, sent.clone()).await;
    let queue = kit.queue("inbox");
    let mut lane = open(&*queue, 10).await;
    let delivery = next(&mut *lane).await;
    let reason = format!("failed to validate: owner\r\n{}", "é".repeat(2000));
    let letter = DeadLetter { delivery: delivery.clone(), class: LetterClass::InvalidField, reason };
    // More messages than one group holds.
    let fates = lane.dead_letter(vec![letter; 130]).await;
    assert_eq!(fates, vec![Ok(()); 130]);
    lane.ack_through(delivery.tag).await.unwrap();
    lane.close().await;
    let dead = kit.queue("inbox.dlq");
    let mut lane = open(&*dead, 200).await;
    let letter = next(&mut *lane).await;
    let header = |name: &str| letter.headers[&format!("x-hoopoe-{name}")].as_str();
    assert_eq!(header("class"), "invalid_field");
    assert!(header("reason").starts_with("failed to validate: owner  é") && header("reason").len() <= 1024);
    assert_eq!((header("queue"), header("exchange"), header("routing-key")), ("inbox", "orders", "order.shipped"));
    assert!(header("at").ends_with('Z'));
    assert_eq!(letter.headers["traceparent"], "00-a-b-01");
    assert_eq!((letter.message_id, letter.timestamp), (Some(sent.id.to_string()), Some(sent.timestamp)));
    assert_eq!((letter.delivery_count, letter.body), (0, sent.body));
    assert_eq!(drain(&*queue).await, Vec::<u64>::new());
}

async fn a_dead_letter_without_a_queue_is_told(kit: &Kit) {
    topic(kit).await;
    publish_in_time(&*kit.publisher("orders"), message(5, "a")).await;
    let queue = kit.queue("inbox");
    let mut lane = open(&*queue, 10).await;
    let delivery = next(&mut *lane).await;
    assert!(kit.topology().remove_queue("inbox.dlq").await.unwrap());
    let letter = DeadLetter { delivery, class: LetterClass::NotJson, reason: "r".to_owned() };
    assert_eq!(lane.dead_letter(vec![letter.clone()]).await, [Err(PublishError::Unroutable)]);
    // The same lane may try again.
    topic(kit).await;
    assert_eq!(lane.dead_letter(vec![letter]).await, [Ok(())]);
    lane.close().await;
}

async fn a_full_dead_letter_queue_is_told(kit: &Kit) {
    kit.exchange("orders", ExchangeType::Topic).await;
    let mut config = consumer("inbox", &[json!({ "exchange": "orders", "routingKey": ALL })]);
    config.dead_letter_max_length = 1;
    kit.topology().declare_queue(&config).await.unwrap();
    publish_in_time(&*kit.publisher("orders"), message(5, "a")).await;
    let queue = kit.queue("inbox");
    let mut lane = open(&*queue, 10).await;
    let delivery = next(&mut *lane).await;
    let letter = DeadLetter { delivery, class: LetterClass::NotJson, reason: "r".to_owned() };
    let mut fates = Vec::new();
    // A quorum queue notices with a short delay that it is full.
    for _ in 0..40 {
        fates.extend(lane.dead_letter(vec![letter.clone()]).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(fates.first(), Some(&Ok(())));
    assert_eq!(fates.last(), Some(&Err(PublishError::Nacked)));
    lane.close().await;
}

type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);

async fn bindings_of_four_types(kit: &Kit) {
    let headers = |arguments: Value| json!({ "exchange": "h", "arguments": arguments });
    for (name, kind) in [
        ("t", ExchangeType::Topic),
        ("d", ExchangeType::Direct),
        ("f", ExchangeType::Fanout),
        ("h", ExchangeType::Headers),
    ] {
        kit.exchange(name, kind).await;
    }
    let key = |exchange: &str, key: &str| json!({ "exchange": exchange, "routingKey": key });
    for (queue, binding) in [
        ("t.star", key("t", "order.*")),
        ("t.hash", key("t", "order.#")),
        ("t.mid", key("t", "a.#.z")),
        ("t.all", key("t", "#")),
        ("d.one", key("d", "order.shipped")),
        ("f.any", json!({ "exchange": "f" })),
        ("h.all", headers(json!({ "x-match": "all", "kind": "order", "owner": "o" }))),
        ("h.any", headers(json!({ "x-match": "any", "kind": "order", "owner": "p" }))),
        ("h.none", headers(json!({}))),
    ] {
        kit.topology().declare_queue(&consumer(queue, &[binding])).await.unwrap();
    }
    // For each message: exchange, routing key, headers, and the queues that must receive it.
    let cases: &[Case] = &[
        ("t", "order.shipped", &[], &["t.star", "t.hash", "t.all"]),
        ("t", "order", &[], &["t.hash", "t.all"]),
        ("t", "order.", &[], &["t.star", "t.hash", "t.all"]),
        ("t", "order.shipped.now", &[], &["t.hash", "t.all"]),
        ("t", "a.z", &[], &["t.mid", "t.all"]),
        ("t", "a.b.c.z", &[], &["t.mid", "t.all"]),
        ("t", "", &[], &["t.all"]),
        ("d", "order.shipped", &[], &["d.one"]),
        ("f", "whatever", &[], &["f.any"]),
        ("h", "", &[("kind", "order"), ("owner", "o"), ("more", "m")], &["h.all", "h.any", "h.none"]),
        ("h", "", &[("kind", "order")], &["h.any", "h.none"]),
        ("h", "", &[("owner", "q")], &["h.none"]),
    ];
    for (exchange, key, sent, expected) in cases {
        let publisher = kit.publisher(exchange);
        let outgoing = hoopoe::broker::Outgoing { routing_key: (*key).to_owned(), ..with_headers(sent) };
        publish_in_time(&*publisher, outgoing).await;
        for name in *expected {
            let queue = kit.queue(name);
            let mut lane = open(&*queue, 10).await;
            let delivery = next(&mut *lane).await;
            assert_eq!((delivery.exchange.as_str(), delivery.routing_key.as_str()), (*exchange, *key), "{name}");
            lane.ack_through(delivery.tag).await.unwrap();
            lane.close().await;
            queue.close().await;
        }
        publisher.close().await;
    }
    // Each queue got its own messages and no others, so all queues are empty now.
    for queue in ["t.star", "t.hash", "t.mid", "t.all", "d.one", "f.any", "h.all", "h.any", "h.none"] {
        assert!(kit.topology().remove_queue(queue).await.unwrap(), "{queue} is empty");
    }
}

async fn unroutable_and_missing(kit: &Kit) {
    kit.declare(ExchangeType::Direct, &[json!({ "exchange": "orders", "routingKey": "known" })]).await;
    let publisher = kit.publisher("orders");
    publish_in_time(&*publisher, message(0, "known")).await;
    assert_eq!(publisher.publish(message(1, "unknown")).await, Err(PublishError::Unroutable));
    assert_eq!(publisher.publish(message(2, &"k".repeat(256))).await, Err(PublishError::Unroutable));
    assert_eq!(publisher.publish(message(3, "known")).await, Ok(()));
    let nowhere = kit.publisher("nowhere");
    for _ in 0..3 {
        let results = publish_all(&*nowhere, 0..100, "known").await;
        assert_eq!(results, vec![Err(PublishError::ExchangeMissing); 100]);
    }
    // Once the exchange exists, the same publisher finds it.
    kit.exchange("nowhere", ExchangeType::Fanout).await;
    assert_eq!(nowhere.publish(message(4, "known")).await, Err(PublishError::Unroutable));
    let missing = kit.queue("missing").open_lane(10).await;
    assert!(matches!(&missing, Err(LaneError::QueueMissing(name)) if name == "missing"), "{:?}", missing.err());
}

async fn one_message_to_two_queues(kit: &Kit) {
    topic(kit).await;
    let binding = json!({ "exchange": "orders", "routingKey": "order.*" });
    kit.topology().declare_queue(&consumer("second", &[binding])).await.unwrap();
    publish_in_time(&*kit.publisher("orders"), message(9, "order.shipped")).await;
    assert_eq!(drain(&*kit.queue("inbox")).await, [9]);
    assert_eq!(drain(&*kit.queue("second")).await, [9]);
}

async fn a_full_queue_refuses(kit: &Kit) {
    kit.exchange("orders", ExchangeType::Topic).await;
    kit.topology().declare_queue(&limited("inbox", &json!({ "maxLength": 10 }))).await.unwrap();
    let publisher = kit.publisher("orders");
    publish_in_time(&*publisher, message(0, "a")).await;
    let mut confirmed = vec![0];
    let mut refused = 0;
    for number in 1..100 {
        match publisher.publish(message(number, "a")).await {
            Ok(()) => confirmed.push(number),
            Err(PublishError::Nacked) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 50, "{refused} refused");
    assert_eq!(drain(&*kit.queue("inbox")).await, confirmed);
    publish_in_time(&*publisher, message(100, "a")).await;
}

async fn too_many_in_flight(kit: &Kit) {
    topic(kit).await;
    let config = PublishConfig { max_in_flight: 10, timeout: Span::from_secs(20) };
    let publisher = kit.publisher_with("orders", &config);
    publish_in_time(&*publisher, message(0, "a")).await;
    let results = publish_all(&*publisher, 0..50, "a").await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 10);
    assert_eq!(results.iter().filter(|result| **result == Err(PublishError::TooManyInFlight(10))).count(), 40);
    assert_eq!(publisher.publish(message(1, "a")).await, Ok(()));
}

async fn declarations_repeat_and_mismatch(kit: &Kit) {
    topic(kit).await;
    topic(kit).await;
    let exchange = ExchangeConfig { name: "orders".to_owned(), kind: ExchangeType::Fanout };
    match kit.topology().declare_exchange(&exchange).await {
        Err(TopologyError::Mismatch { what, .. }) => assert_eq!(what, "exchange orders"),
        other => panic!("{other:?}"),
    }
    let classic = json!({ "queue": { "name": "inbox", "type": "Classic", "maxPriority": 5 } });
    match kit.topology().declare_queue(&serde_json::from_value(classic).unwrap()).await {
        Err(TopologyError::Mismatch { what, .. }) => assert_eq!(what, "queue inbox"),
        other => panic!("{other:?}"),
    }
    let classic = json!({ "queue": { "name": "other", "type": "Classic", "maxPriority": 5 } });
    kit.topology().declare_queue(&serde_json::from_value(classic).unwrap()).await.unwrap();
    kit.exchange("h", ExchangeType::Headers).await;
    let odd = consumer("odd", &[json!({ "exchange": "h", "arguments": { "x-match": "some" } })]);
    let refused = kit.topology().declare_queue(&odd).await;
    assert!(matches!(refused, Err(TopologyError::Refused { .. } | TopologyError::Mismatch { .. })), "{refused:?}");
}

async fn a_queue_may_come_before_its_exchange(kit: &Kit) {
    let config = consumer("inbox", &[json!({ "exchange": "orders", "routingKey": ALL })]);
    match kit.topology().declare_queue(&config).await {
        Err(TopologyError::ExchangeMissing(name)) => assert_eq!(name, "orders"),
        other => panic!("{other:?}"),
    }
    // The queue was declared, only the binding failed.
    open(&*kit.queue("inbox"), 1).await.close().await;
    topic(kit).await;
    publish_in_time(&*kit.publisher("orders"), message(1, "a")).await;
    assert_eq!(drain(&*kit.queue("inbox")).await, [1]);
}

async fn a_queue_is_removed_only_when_empty(kit: &Kit) {
    topic(kit).await;
    let publisher = kit.publisher("orders");
    publish_in_time(&*publisher, message(1, "a")).await;
    let topology = kit.topology();
    assert!(!topology.remove_queue("inbox").await.unwrap());
    // Its bindings are removed nevertheless, so no new message arrives.
    assert_eq!(publisher.publish(message(2, "a")).await, Err(PublishError::Unroutable));
    let queue = kit.queue("inbox");
    assert_eq!(drain(&*queue).await, [1]);
    let mut lane = open(&*queue, 10).await;
    assert!(topology.remove_queue("inbox").await.unwrap());
    assert!(timeout(SOON, lane.next()).await.unwrap().is_err(), "a lane ends when its queue is removed");
    assert!(topology.remove_queue("inbox").await.unwrap(), "removing a missing queue succeeds");
    assert!(matches!(queue.open_lane(1).await, Err(LaneError::QueueMissing(_))));
    assert!(matches!(kit.queue("inbox.dlq").open_lane(1).await, Err(LaneError::QueueMissing(_))));
}

async fn a_caller_who_goes_away_breaks_nothing(kit: &Kit) {
    topic(kit).await;
    let publisher = kit.publisher("orders");
    publish_in_time(&*publisher, message(0, "a")).await;
    let config = PublishConfig::default();
    for round in 0..20 {
        let sent: Vec<_> = (0..u64::from(config.max_in_flight))
            .map(|number| {
                let publisher = publisher.clone();
                tokio::spawn(async move { publisher.publish(message(number, "a")).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_micros(200 * round)).await;
        sent.iter().step_by(2).for_each(tokio::task::JoinHandle::abort);
        for (index, task) in sent.into_iter().enumerate() {
            match task.await {
                Ok(result) => assert!(result.is_ok() || index % 2 == 0, "{result:?}"),
                Err(error) => assert!(error.is_cancelled()),
            }
        }
        // Every slot is given back.
        let full = async {
            while publish_all(&*publisher, 0..u64::from(config.max_in_flight), "a").await.iter().any(Result::is_err) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(SOON, full).await.unwrap();
        if kit.is_amqp() && round > 5 {
            break;
        }
    }
}

async fn what_is_too_old_leaves_for_the_dead_letters(kit: &Kit) {
    kit.exchange("orders", ExchangeType::Topic).await;
    kit.topology().declare_queue(&limited("inbox", &json!({ "messageTtl": "300ms" }))).await.unwrap();
    publish_in_time(&*kit.publisher("orders"), message(1, "a")).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    let queue = kit.queue("inbox");
    let mut lane = open(&*queue, 10).await;
    nothing(&mut *lane).await;
    let dead = kit.queue("inbox.dlq");
    let letter = next(&mut *open(&*dead, 10).await).await;
    assert_eq!(number(&letter), 1);
    assert_eq!(letter.headers["x-first-death-reason"], "expired");
}

async fn what_is_delivered_too_often_leaves_for_the_dead_letters(kit: &Kit) {
    kit.exchange("orders", ExchangeType::Topic).await;
    kit.topology().declare_queue(&limited("inbox", &json!({ "deliveryLimit": 2 }))).await.unwrap();
    publish_in_time(&*kit.publisher("orders"), message(1, "a")).await;
    let queue = kit.queue("inbox");
    for count in 0..3 {
        let mut lane = open(&*queue, 10).await;
        assert_eq!(next(&mut *lane).await.delivery_count, count);
        lane.close().await;
    }
    let mut lane = open(&*queue, 10).await;
    nothing(&mut *lane).await;
    let dead = kit.queue("inbox.dlq");
    let letter = next(&mut *open(&*dead, 10).await).await;
    assert_eq!(letter.headers["x-first-death-reason"], "delivery_limit");
}
