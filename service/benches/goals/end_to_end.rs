//! From a publisher on the same machine to visible in the store, beside the way of older systems: one message at a
//! time, with a row, an acknowledgement and a SET for each.

use std::time::{Duration, Instant};

use futures::StreamExt;
use hoopoe::notif::{Arrival, Envelope, from_amqp};
use hoopoe::timestamp::Timestamp;
use lapin::{
    options::{BasicAckOptions, BasicConsumeOptions},
    types::FieldTable,
};

use super::{
    commit::{flat_insert, flat_pool},
    inbox::Inbox,
    notifications::message,
    raw_amqp::RawAmqp,
    rounds::{Sides, rounds},
    servers::Servers,
    table::Table,
};

const MESSAGES: usize = 30_000;
const OLDER_RUN: Duration = Duration::from_millis(1_500);
const GOAL: f64 = 12.0;

pub async fn measure(servers: &Servers, table: &mut Table) {
    let config = servers.declare("e2e").await;
    servers.declare("older").await;
    let raw = RawAmqp::connect(&servers.rabbit.url()).await;
    let inbox = Inbox::open(servers, "e2e").await;
    let mut sides = Sides::default();
    let draining = inbox.drain(servers, &config);
    let older = Older::new(servers).await;
    let mut sent = 0;
    for round in 0..=rounds() {
        let limit = older.run(&raw).await;
        let messages: Vec<_> = (sent..sent + MESSAGES).map(message).collect();
        sent += MESSAGES;
        let since = Instant::now();
        let (_, (until, _)) = tokio::join!(raw.publish("e2e", messages.into_iter()), draining.stored(sent));
        if round > 0 {
            sides.add(MESSAGES as f64 / (until - since).as_secs_f64(), limit);
        }
    }
    draining.stop().await;
    table.ratio("end to end", &sides, "the older systems' way", GOAL);
}

struct Older {
    pool: sqlx::PgPool,
    redis: redis::aio::MultiplexedConnection,
}

impl Older {
    async fn new(servers: &Servers) -> Self {
        let pool = flat_pool(&servers.database("older").await).await;
        let client = redis::Client::open(servers.redis.url()).unwrap();
        Self { pool, redis: client.get_multiplexed_async_connection().await.unwrap() }
    }

    /// Messages a second. The publisher is as fast as it can be, and starts a second earlier.
    async fn run(&self, raw: &RawAmqp) -> f64 {
        raw.publish("older", (0..6_000).map(message)).await;
        let (channel, mut redis) = (raw.channel(1).await, self.redis.clone());
        let options = BasicConsumeOptions::default();
        let mut consumer =
            channel.basic_consume("older".into(), "older".into(), options, FieldTable::default()).await.unwrap();
        let (since, mut done) = (Instant::now(), 0_i64);
        while since.elapsed() < OLDER_RUN {
            let Some(delivery) = consumer.next().await else { break };
            let delivery = delivery.unwrap();
            let now = Timestamp::now();
            let arrival = Arrival { exchange: "older", body_bytes: 1 << 16, now, idempotency_key: None, item: None };
            let envelope = Envelope { message_id: None, timestamp: None };
            let notification = from_amqp(&delivery.data, &arrival, &envelope).unwrap().notification;
            done += 1;
            flat_insert(&self.pool, std::slice::from_ref(&notification), done).await;
            let key = format!("older:{}", notification.owner);
            redis::cmd("SET").arg(key).arg(&delivery.data[..]).query_async::<()>(&mut redis).await.unwrap();
            delivery.ack(BasicAckOptions::default()).await.unwrap();
        }
        let rate = f64::from(u32::try_from(done).unwrap()) / since.elapsed().as_secs_f64();
        channel.close(200, "done".into()).await.unwrap();
        raw.purge("older").await;
        rate
    }
}
