//! RabbitMQ killed, frozen, blocked and locked, each on a node of its own.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use hoopoe::broker::{AmqpPublisher, AmqpQueue, DeadLetter, LaneError, LetterClass, PublishError, Publisher, Queue};
use hoopoe_crds::{
    duration::Span,
    worker_config::{ExchangeType, PublishConfig, TlsConfig},
};
use hoopoe_e2e::{Child, ChildOptions, Proxy, RabbitMq, RabbitMqOptions};
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::broker::kit::{Kit, LATEST, SOON, drain, message, metrics, next, number, open, publish_in_time};

const LIMIT: Duration = Duration::from_secs(2);
/// Set for the process that freezes its broker. Without it, that test ends at once, because `--ignored` also runs it.
const FROZEN: &str = "HOOPOE_TEST_FROZEN";
/// Added to each limit, because the machine may be busy.
const SLACK: Duration = Duration::from_secs(1);

async fn own_node() -> (Arc<RabbitMq>, Kit) {
    let server = Arc::new(RabbitMq::start(RabbitMqOptions::default()).await.unwrap());
    let kit = Kit::on(server.clone()).await;
    kit.declare(ExchangeType::Topic, &[json!({ "exchange": "orders", "routingKey": "#" })]).await;
    (server, kit)
}

fn quick() -> PublishConfig {
    PublishConfig { timeout: Span(LIMIT), ..PublishConfig::default() }
}

/// Publishes numbers from several tasks until it is told to stop. It returns those that were confirmed.
fn keep_publishing(
    publisher: &Arc<dyn Publisher>,
    tasks: u64,
    stop: &Arc<AtomicU64>,
) -> tokio::task::JoinSet<Vec<u64>> {
    let mut set = tokio::task::JoinSet::new();
    let numbers = Arc::new(AtomicU64::new(1));
    for _ in 0..tasks {
        let (publisher, stop, numbers) = (publisher.clone(), stop.clone(), numbers.clone());
        set.spawn(async move {
            let mut confirmed = Vec::new();
            while stop.load(Ordering::Relaxed) == 0 {
                let number = numbers.fetch_add(1, Ordering::Relaxed);
                let since = Instant::now();
                match publisher.publish(message(number, "a")).await {
                    Ok(()) => confirmed.push(number),
                    Err(_) => sleep(Duration::from_millis(20)).await,
                }
                assert!(since.elapsed() < LIMIT + SLACK, "never longer than the timeout");
            }
            confirmed
        });
    }
    set
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_confirmed_survives_kill_9() {
    let (server, kit) = own_node().await;
    let publisher = kit.publisher_with("orders", &quick());
    publish_in_time(&*publisher, message(0, "a")).await;
    let stop = Arc::new(AtomicU64::new(0));
    let tasks = keep_publishing(&publisher, 100, &stop);
    sleep(Duration::from_secs(2)).await;
    server.kill9().await.unwrap();
    let noticed = async {
        while publisher.is_connected() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SOON, noticed).await.unwrap();
    let since = Instant::now();
    assert_eq!(publisher.publish(message(0, "a")).await, Err(PublishError::Unavailable));
    assert!(since.elapsed() < Duration::from_millis(200), "known to be down: it fails at once");
    server.restart().await.unwrap();
    let before = Instant::now();
    publish_in_time(&*publisher, message(0, "a")).await;
    println!("published again {:?} after the restart", before.elapsed());
    sleep(Duration::from_secs(2)).await;
    stop.store(1, Ordering::Relaxed);
    let confirmed: BTreeSet<u64> = tasks.join_all().await.into_iter().flatten().collect();
    let arrived: BTreeSet<u64> = drain(&*kit.queue("inbox")).await.into_iter().collect();
    let lost: Vec<_> = confirmed.difference(&arrived).collect();
    println!("{} confirmed, {} arrived, {} lost", confirmed.len(), arrived.len(), lost.len());
    assert!(confirmed.len() > 1000, "{}", confirmed.len());
    assert!(lost.is_empty(), "{} confirmed ones are not there: {:?}", lost.len(), lost.first());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_broker_refuses_publishers_and_serves_lanes() {
    let (server, kit) = own_node().await;
    let publisher = kit.publisher_with("orders", &quick());
    for number in 0..10 {
        publish_in_time(&*publisher, message(number, "a")).await;
    }
    let queue = kit.queue("inbox");
    let mut lane = open(&*queue, 5).await;
    let first = next(&mut *lane).await;
    let letter = DeadLetter { delivery: first.clone(), class: LetterClass::NotJson, reason: "r".to_owned() };
    assert_eq!(lane.dead_letter(vec![letter.clone()]).await, [Ok(())]);
    server.block_publishers().await.unwrap();
    // RabbitMQ blocks a connection only when that connection publishes the next time.
    let blocked = async { while publisher.publish(message(100, "a")).await != Err(PublishError::Blocked) {} };
    timeout(SOON, blocked).await.unwrap();
    let since = Instant::now();
    assert_eq!(publisher.publish(message(100, "a")).await, Err(PublishError::Blocked));
    assert!(since.elapsed() < Duration::from_millis(100), "known to be blocked: it fails at once");
    let blocked = async { while lane.dead_letter(vec![letter.clone()]).await != [Err(PublishError::Blocked)] {} };
    timeout(SOON, blocked).await.unwrap();
    lane.ack_through(first.tag).await.unwrap();
    for _ in 0..4 {
        let delivery = next(&mut *lane).await;
        lane.ack_through(delivery.tag).await.unwrap();
    }
    server.unblock_publishers().await.unwrap();
    timeout(SOON, publish_in_time(&*publisher, message(101, "a"))).await.unwrap();
    let unblocked = async { while lane.dead_letter(vec![letter.clone()]).await != [Ok(())] {} };
    timeout(SOON, unblocked).await.unwrap();
    lane.close().await;
}

/// The test below starts this in a process of its own, because it counts the threads of its process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by a_frozen_broker_holds_up_nobody_for_ever"]
async fn a_frozen_broker() {
    if std::env::var_os(FROZEN).is_none() {
        return;
    }
    let (server, kit) = own_node().await;
    let publisher = kit.publisher_with("orders", &quick());
    publish_in_time(&*publisher, message(0, "a")).await;
    let queue = kit.queue("inbox");
    let mut lane = open(&*queue, 1).await;
    let delivery = next(&mut *lane).await;
    let threads = io_threads();
    server.pause().unwrap();
    let frozen = Instant::now();
    let first = timeout(LIMIT + SLACK, publisher.publish(message(1, "a"))).await.unwrap();
    // Either a worker that had a channel already answers, or one that was about to open its first.
    assert!(matches!(first, Err(PublishError::Timeout(_) | PublishError::Unavailable)), "{first:?}");
    // The next publishes try to open a channel and fail. Then the publisher gives up the connection, and all fail at
    // once.
    let given_up = async {
        while publisher.is_connected() {
            publisher.publish(message(1, "a")).await.unwrap_err();
        }
    };
    timeout(SOON, given_up).await.unwrap();
    let letter = DeadLetter { delivery: delivery.clone(), class: LetterClass::NotJson, reason: "r".to_owned() };
    let letters = timeout(SOON, lane.dead_letter(vec![letter])).await.unwrap();
    assert!(letters[0].is_err());
    let ended = timeout(LATEST, lane.next()).await.unwrap();
    println!("the lane ended {:?} after the freeze: {:?}", frozen.elapsed(), ended.as_ref().err());
    assert!(ended.is_err());
    assert!(lane.ack_through(delivery.tag).await.is_err(), "only Ok means acknowledged");
    timeout(SOON, lane.close()).await.unwrap();
    let opened = timeout(SOON, queue.open_lane(1)).await.unwrap();
    assert!(matches!(opened, Err(LaneError::Unavailable(_))));
    sleep(Duration::from_secs(15)).await;
    let more = io_threads().saturating_sub(threads);
    println!("{more} more threads of lapin after {:?}", frozen.elapsed());
    assert!(more <= 6, "{more} threads wait for a frozen broker");
    server.resume().unwrap();
    timeout(LATEST, publish_in_time(&*publisher, message(2, "a"))).await.unwrap();
    assert!(drain(&*queue).await.contains(&2));
}

#[tokio::test]
async fn a_frozen_broker_holds_up_nobody_for_ever() {
    let options = ChildOptions::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "broker::faults::a_frozen_broker", "--nocapture"])
        .env(FROZEN, "1");
    let alone = Child::start(&options).unwrap();
    let status = alone.wait(Duration::from_mins(5)).await.unwrap();
    print!("{}", alone.log());
    assert!(status.success() && alone.log().contains("1 passed"), "{status}");
}

/// Threads of this process that lapin made.
fn io_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
    tasks.map(name).filter(|name| name.starts_with("lapin-io-loop")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_no_network_fault() {
    let server = RabbitMq::shared().await.unwrap();
    let tls = TlsConfig::default();
    let wrong = server.url().replace("secret", "hunter2-wrong");
    let queue = AmqpQueue::start(&wrong, &tls, "inbox", LIMIT, metrics());
    match queue.open_lane(1).await.err() {
        Some(LaneError::Refused(detail)) => assert!(!detail.contains("hunter2"), "{detail}"),
        other => panic!("{other:?}"),
    }
    let nowhere = AmqpQueue::start(&server.url_of("no-such-vhost"), &tls, "inbox", LIMIT, metrics());
    assert!(matches!(nowhere.open_lane(1).await.err(), Some(LaneError::Refused(_))));
    let unreachable = format!("amqp://hoopoe:hunter2-wrong@127.0.0.1:{}/%2f", hoopoe_e2e::free_port().unwrap());
    for url in [unreachable.as_str(), "http://hoopoe:hunter2-wrong@127.0.0.1/", "amqp:hunter2-wrong", "hunter2-wrong"] {
        let queue = AmqpQueue::start(url, &tls, "inbox", LIMIT, metrics());
        match queue.open_lane(1).await.err() {
            Some(LaneError::Unavailable(detail)) => assert!(!detail.contains("hunter2"), "{detail}"),
            other => panic!("{other:?}"),
        }
        let publisher = AmqpPublisher::start(url, &tls, "orders", &quick(), metrics());
        assert_eq!(publisher.publish(message(1, "a")).await, Err(PublishError::Unavailable));
        assert!(!publisher.is_connected());
        publisher.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_connection_comes_back_and_so_do_its_messages() {
    let kit = Kit::amqp().await;
    kit.declare(ExchangeType::Topic, &[json!({ "exchange": "orders", "routingKey": "#" })]).await;
    let Kit::Amqp { url, server, .. } = &kit else { unreachable!("made above") };
    let proxy = Proxy::start(server.port()).await.unwrap();
    let url = proxy.url(url, server.port());
    let tls = TlsConfig::default();
    let publisher: Arc<dyn Publisher> = Arc::new(AmqpPublisher::start(&url, &tls, "orders", &quick(), metrics()));
    publish_in_time(&*publisher, message(0, "a")).await;
    let queue = AmqpQueue::start(&url, &tls, "inbox", LIMIT, metrics());
    let mut lane = open(&queue, 100).await;
    assert_eq!(number(&next(&mut *lane).await), 0);
    proxy.cut().await.unwrap();
    assert!(timeout(SOON, lane.next()).await.unwrap().is_err());
    drop(lane);
    assert!(publisher.publish(message(1, "a")).await.is_err());
    proxy.restore().await.unwrap();
    timeout(SOON, publish_in_time(&*publisher, message(2, "a"))).await.unwrap();
    let mut lane = open(&queue, 100).await;
    let mut seen = BTreeSet::new();
    while !seen.contains(&2) {
        let delivery = next(&mut *lane).await;
        assert!(number(&delivery) != 0 || delivery.delivery_count == 1);
        seen.insert(number(&delivery));
    }
    assert!(seen.contains(&0));
    lane.close().await;
    publisher.close().await;
    queue.close().await;
    kit.finish().await;
}
