//! Draining a backlog through two lanes into Postgres and Redis, beside the slower of its two parts.

use hoopoe::{notif::Notification, store::Store};

use super::{
    commit::{AcceptsAll, rate, store},
    inbox::Inbox,
    notifications::{OWNERS, message},
    raw_amqp::RawAmqp,
    rounds::{Sides, rounds},
    servers::Servers,
    table::Table,
};

const MESSAGES: usize = 30_000;
/// How many messages pass first, so that the start with one lane and one message at a time is not measured.
const WARM: usize = 1_000;
const GOAL: f64 = 0.80;

pub async fn measure(servers: &Servers, table: &mut Table) {
    let config = servers.declare("drain").await;
    servers.declare("drain.raw").await;
    let raw = RawAmqp::connect(&servers.rabbit.url()).await;
    let inbox = Inbox::open(servers, "drain").await;
    let alone = store(&servers.database("drain_alone").await).await;
    let (mut sides, mut consumes, mut commits) = (Sides::default(), Sides::default(), Sides::default());
    let (mut next, mut next_alone) = (0, 0);
    for round in 0..=rounds() {
        raw.publish("drain.raw", (0..MESSAGES).map(message)).await;
        let consume = MESSAGES as f64 / raw.consume("drain.raw", MESSAGES).await.as_secs_f64();
        let commit = async |batch: &[Notification]| drop(alone.commit(batch, &AcceptsAll).await.unwrap());
        let commit = rate(commit, OWNERS, &mut next_alone).await;

        raw.publish("drain", (next..next + MESSAGES).map(message)).await;
        next += MESSAGES;
        let draining = inbox.drain(servers, &config);
        let (since, before) = draining.stored(WARM).await;
        let (until, after) = draining.stored(MESSAGES).await;
        let ours = (after - before) as f64 / (until - since).as_secs_f64();
        draining.stop().await;
        if round > 0 {
            sides.add(ours, consume.min(commit));
            consumes.add(ours, consume);
            commits.add(ours, commit);
        }
    }
    alone.close().await;
    let against = format!("(commit alone {:.0}, raw consume {:.0})", commits.limit(), consumes.limit());
    table.ratio("draining a backlog", &sides, &against, GOAL);
}
