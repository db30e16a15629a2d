//! One fault after the other, each under load; the ledger checks each.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::{FutureExt, future::LocalBoxFuture};
use hoopoe::ledger::{Figures, report};
use tokio::time::{Instant, sleep};

use super::{
    load::Load,
    stack::{DRAIN_TIMEOUT, QUEUE, Stack},
};

/// A stale inbox is correct again within about a second. The rest is a margin for two busy cores and a debug build.
const STALE_LIMIT_MS: f64 = 4_000.0;

type Scenario = (&'static str, for<'a> fn(&'a mut Stack) -> LocalBoxFuture<'a, Figures>);

const SCENARIOS: &[Scenario] = &[
    ("nothing happens", |stack| calm(stack).boxed_local()),
    ("producer kill -9", |stack| producer_killed(stack).boxed_local()),
    ("consumer kill -9", |stack| consumer_killed(stack).boxed_local()),
    ("api kill -9", |stack| api_killed(stack).boxed_local()),
    ("rabbitmq restart", |stack| rabbitmq_restarted(stack).boxed_local()),
    ("redis flush", |stack| redis_flushed(stack).boxed_local()),
    ("redis away for three seconds", |stack| redis_away(stack).boxed_local()),
    ("consumer cut off from redis", |stack| consumer_cut_off_from_redis(stack).boxed_local()),
    ("postgres restart", |stack| postgres_restarted(stack).boxed_local()),
    ("postgres kill -9", |stack| postgres_killed(stack).boxed_local()),
    ("consumer frozen", |stack| consumer_frozen(stack).boxed_local()),
    ("everybody drained", |stack| everybody_drained(stack).boxed_local()),
    // This is the last scenario, because from here on Redis loads its file at every start.
    ("power lost, redis with old data", |stack| power_lost(stack).boxed_local()),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_backwards_whatever_happens() {
    let only = std::env::var("HOOPOE_PIPELINE").unwrap_or_default();
    let began = Instant::now();
    let mut stack = Stack::start().await;
    println!("started in {:.1} s", began.elapsed().as_secs_f64());
    let mut failed = Vec::new();
    for (name, scenario) in SCENARIOS.iter().filter(|(name, _)| name.contains(&only)) {
        let began = Instant::now();
        let outcome = AssertUnwindSafe(scenario(&mut stack)).catch_unwind().await;
        let Ok(figures) = outcome else {
            println!("{name}: a panic ended it");
            failed.push(*name);
            // The scenario left something broken, which would make all later ones fail.
            break;
        };
        println!("{name} ({:.1} s): {}", began.elapsed().as_secs_f64(), report::lines(&figures).join("\n    "));
        if !figures.is_clean() {
            failed.push(*name);
        }
    }
    let panics: Vec<_> = stack.workers().flat_map(super::worker::Worker::panics).collect();
    if !failed.is_empty() {
        println!("--- dead letters: {}", stack.dead_letters(QUEUE).await);
        for worker in stack.workers() {
            println!("--- the end of the log of {}:\n{}", worker.name(), worker.log_end(40));
        }
    }
    assert!(failed.is_empty(), "the ledger found faults in: {failed:?}");
    assert!(panics.is_empty(), "workers panicked: {panics:?}");
    assert_eq!(stack.emptied(QUEUE).await, "0", "messages left in the queue");
    assert_eq!(stack.emptied(&format!("{QUEUE}.dlq")).await, "0", "dead letters");
    println!("all in {:.1} s", began.elapsed().as_secs_f64());
}

async fn calm(stack: &mut Stack) -> Figures {
    let load = Load::begin(stack).await;
    let figures = load.end().await;
    assert_eq!(figures.unknown_fate, 0, "{figures:?}");
    assert_eq!(figures.resets, 0, "{figures:?}");
    figures
}

async fn producer_killed(stack: &mut Stack) -> Figures {
    let load = Load::begin(stack).await;
    stack.producer.kill9().await;
    sleep(Duration::from_millis(500)).await;
    stack.producer.restart().await;
    load.end().await
}

/// First each consumer while the other continues, then both.
async fn consumer_killed(stack: &mut Stack) -> Figures {
    let load = Load::begin(stack).await;
    stack.consumers[0].kill9().await;
    sleep(Duration::from_millis(500)).await;
    stack.consumers[1].kill9().await;
    stack.consumers[0].restart().await;
    stack.consumers[1].restart().await;
    load.end().await
}

async fn api_killed(stack: &mut Stack) -> Figures {
    let load = Load::begin(stack).await;
    stack.apis[0].kill9().await;
    sleep(Duration::from_millis(500)).await;
    stack.apis[0].restart().await;
    stack.apis[1].kill9().await;
    stack.apis[1].restart().await;
    load.end().await
}

async fn rabbitmq_restarted(stack: &mut Stack) -> Figures {
    let load = Load::begin(stack).await;
    let began = Instant::now();
    stack.rabbit.restart().await.unwrap();
    println!("    the broker itself was away for {:.1} s", began.elapsed().as_secs_f64());
    sleep(Duration::from_secs(2)).await;
    load.end().await
}

async fn redis_flushed(stack: &mut Stack) -> Figures {
    let load = Load::begin(stack).await;
    for _ in 0..3 {
        stack.redis.flush().await.unwrap();
        sleep(Duration::from_millis(300)).await;
    }
    not_stale(load.end().await)
}

async fn redis_away(stack: &mut Stack) -> Figures {
    let load = Load::begin(stack).await;
    stack.redis.kill9().await.unwrap();
    sleep(Duration::from_secs(3)).await;
    stack.redis.restart().await.unwrap();
    sleep(Duration::from_secs(1)).await;
    not_stale(load.end().await)
}

/// The APIs reach Redis the whole time, so an old inbox must not stay there when the consumer cannot update it. The
/// connection is first refused, then silent.
/// without any answer.
async fn consumer_cut_off_from_redis(stack: &mut Stack) -> Figures {
    let load = Load::begin(stack).await;
    stack.first_consumers_redis.cut().await.unwrap();
    sleep(Duration::from_secs(2)).await;
    stack.first_consumers_redis.restore().await.unwrap();
    sleep(Duration::from_secs(1)).await;
    stack.first_consumers_redis.stall();
    sleep(Duration::from_secs(3)).await;
    stack.first_consumers_redis.unstall();
    not_stale(load.end().await)
}

async fn postgres_restarted(stack: &mut Stack) -> Figures {
    let load = Load::begin(stack).await;
    stack.postgres.restart().await.unwrap();
    sleep(Duration::from_secs(1)).await;
    load.end().await
}

async fn postgres_killed(stack: &mut Stack) -> Figures {
    let load = Load::begin(stack).await;
    stack.postgres.kill9().await.unwrap();
    sleep(Duration::from_secs(1)).await;
    stack.postgres.restart().await.unwrap();
    sleep(Duration::from_secs(1)).await;
    load.end().await
}

/// Freezes a consumer at many moments, some of them between commit and cache, and once for longer.
async fn consumer_frozen(stack: &mut Stack) -> Figures {
    let load = Load::begin(stack).await;
    for pause in [40, 70, 110, 170, 230, 310, 2_000] {
        stack.consumers[0].freeze();
        sleep(Duration::from_millis(pause)).await;
        stack.consumers[0].thaw();
        sleep(Duration::from_millis(130)).await;
    }
    load.end().await
}

async fn everybody_drained(stack: &mut Stack) -> Figures {
    let load = Load::begin(stack).await;
    let limit = DRAIN_TIMEOUT + Duration::from_secs(2);
    let Stack { producer, consumers, apis, .. } = &mut *stack;
    for worker in consumers.iter_mut().chain(apis.iter_mut()).chain([producer]) {
        let (status, took) = worker.drain(limit).await;
        println!("    {} drained in {:.2} s: {status}", worker.name(), took.as_secs_f64());
        assert!(status.success() && took <= DRAIN_TIMEOUT, "{}: {status} after {took:?}", worker.name());
        worker.restart().await;
    }
    load.end().await
}

/// Everything dies at the same moment. Redis then restarts with what it had saved before the last writes.
async fn power_lost(stack: &mut Stack) -> Figures {
    let load = Load::begin(stack).await;
    stack.redis.cli(&["save"]).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    let Stack { producer, consumers, apis, .. } = &mut *stack;
    for worker in consumers.iter_mut().chain(apis.iter_mut()).chain([&mut *producer]) {
        worker.kill9().await;
    }
    stack.redis.kill9().await.unwrap();
    stack.redis.restart().await.unwrap();
    let Stack { producer, consumers, apis, .. } = &mut *stack;
    for worker in consumers.iter_mut().chain(apis.iter_mut()).chain([producer]) {
        worker.restart().await;
    }
    load.end().await
}

fn not_stale(figures: Figures) -> Figures {
    assert!(figures.visible_max < STALE_LIMIT_MS, "an inbox was stale for {} ms", figures.visible_max);
    figures
}
