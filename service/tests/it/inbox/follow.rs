//! Following an inbox: a follower sees every change, a lost subscription loses nothing, and positions only rise.

use std::sync::atomic::Ordering;

use hoopoe::{
    inbox::{Follow, Reader},
    notif::Owner,
    store::{Mark, MarkState, Position},
};
use hoopoe_crds::worker_config::CacheConfig;
use hoopoe_e2e::Proxy;

use crate::inbox::{
    kit::{Kit, Process, both},
    wrapped::{FAILS, FailingCache},
};
use crate::testkit::{
    notification::owner,
    wait::{soon, until},
};

both! {
    news_is_told_to_every_follower
    a_follower_that_is_behind_is_told_at_once
    positions_rise_while_many_write
    a_stopped_reader_ends_its_followers
}

/// A follower that checks the order of its positions.
struct Checked {
    follow: Follow,
    last: Option<Position>,
}

impl Checked {
    fn new(process: &Process, owner: &Owner, since: Option<Position>) -> Self {
        Self { follow: Reader::follow(&process.reader, owner.clone(), since), last: since }
    }

    async fn next(&mut self) -> Position {
        let position = soon(self.follow.next()).await.expect("it has not ended").unwrap();
        assert!(Some(position) > self.last, "{position} after {:?}", self.last);
        self.last = Some(position);
        position
    }

    /// Waits until the inbox stands at this rev.
    async fn reach(&mut self, rev: i64) {
        while self.last.is_none_or(|last| last.rev < rev) {
            self.next().await;
        }
        assert_eq!(self.last.map(|last| last.rev), Some(rev));
    }
}

async fn news_is_told_to_every_follower(kit: Kit) {
    let (consumer, api) = (kit.process().await, kit.process().await);
    let (who, other) = (owner("a"), owner("b"));
    let mut followers = [Checked::new(&api, &who, None), Checked::new(&api, &who, None)];
    for follower in &mut followers {
        assert_eq!(follower.next().await.rev, 0, "the first position is the present one");
    }
    let mut apart = Checked::new(&api, &other, None);
    assert_eq!(apart.next().await.rev, 0);
    for rev in 1..=5 {
        consumer.send(&who).await;
        for follower in &mut followers {
            follower.reach(rev).await;
        }
    }
    let [mut left, dropped] = followers;
    drop(dropped);
    let upto = consumer.truth(&who).await.position();
    consumer.writer.mark(&who, &Mark::UpTo { upto, state: MarkState::Read }).await.unwrap();
    left.reach(6).await;
    consumer.send(&other).await;
    apart.reach(1).await;
}

async fn a_follower_that_is_behind_is_told_at_once(kit: Kit) {
    let process = kit.process().await;
    let who = owner("a");
    process.send(&who).await;
    let since = process.truth(&who).await.position();
    process.send(&who).await;
    process.send(&who).await;
    let mut behind = Checked::new(&process, &who, Some(since));
    assert_eq!(behind.next().await.rev, 3);
    // A follower that has seen everything waits for the next change.
    let now = process.truth(&who).await.position();
    let mut current = Checked::new(&process, &who, Some(now));
    process.send(&who).await;
    assert_eq!(current.next().await.rev, 4);
}

async fn positions_rise_while_many_write(kit: Kit) {
    let (one, two, api) = (kit.process().await, kit.process().await, kit.process().await);
    let who = owner("a");
    let mut follower = Checked::new(&api, &who, None);
    let write = async |process: &Process| {
        for _ in 0..40 {
            process.send(&who).await;
        }
    };
    tokio::join!(write(&one), write(&two), follower.reach(80));
}

async fn a_stopped_reader_ends_its_followers(kit: Kit) {
    let process = kit.process().await;
    let mut follower = Checked::new(&process, &owner("a"), None);
    follower.next().await;
    process.stop.cancel();
    assert!(soon(follower.follow.next()).await.is_none());
    assert!(soon(follower.follow.next()).await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_while_the_subscription_is_lost_is_told() {
    let kit = Kit::new().await;
    let proxy = Proxy::start(kit.redis().port()).await.unwrap();
    let (consumer, api) = (kit.process().await, kit.process_behind(&proxy).await);
    let who = owner("a");
    let mut follower = Checked::new(&api, &who, None);
    consumer.send(&who).await;
    follower.reach(1).await;
    for round in 0..3 {
        proxy.cut().await.unwrap();
        consumer.send(&who).await;
        consumer.send(&who).await;
        follower.reach(3 + round * 3).await;
        proxy.restore().await.unwrap();
        let cache = api.cache.clone().unwrap();
        until("heard again", async || cache.hearing().is_some()).await;
        consumer.send(&who).await;
        follower.reach(4 + round * 3).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_hears_nothing_costs_no_change() {
    let kit = Kit::new().await;
    let proxy = Proxy::start(kit.redis().port()).await.unwrap();
    let (consumer, api) = (kit.process().await, kit.process_behind(&proxy).await);
    let who = owner("a");
    let mut follower = Checked::new(&api, &who, None);
    consumer.send(&who).await;
    follower.reach(1).await;
    // The connection stays open, but the network loses every packet.
    proxy.stall();
    consumer.send(&who).await;
    follower.reach(2).await;
    proxy.unstall();
    consumer.send(&who).await;
    follower.reach(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_killed_costs_no_change() {
    let kit = Kit::new().await;
    let (consumer, api) = (kit.process().await, kit.process().await);
    let who = owner("a");
    let mut follower = Checked::new(&api, &who, None);
    consumer.send(&who).await;
    follower.reach(1).await;
    kit.redis().kill9().await.unwrap();
    soon(consumer.send(&who)).await;
    follower.reach(2).await;
    kit.redis().restart().await.unwrap();
    for process in [&consumer, &api] {
        let cache = process.cache.clone().unwrap();
        until("heard again", async || cache.hearing().is_some()).await;
    }
    consumer.send(&who).await;
    follower.reach(3).await;
}

/// The writer is killed between commit and cache, so only the first of the two wake-ups is sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_is_only_announced_is_told_once_it_is_committed() {
    let kit = Kit::new().await;
    let store = kit.store().await;
    let cache = FailingCache::new(kit.cache(hoopoe::store::Store::store_id(&*store)).await, FAILS);
    let consumer = kit.process_with(store, cache).await;
    let api = kit.process().await;
    let who = owner("a");
    let mut follower = Checked::new(&api, &who, None);
    follower.next().await;
    consumer.send(&who).await;
    follower.reach(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_cache_the_database_is_looked_at() {
    let kit = Kit::new().await;
    let store = kit.store().await;
    let process = Process::new(store, None, &CacheConfig::default()).await;
    let who = owner("a");
    let mut follower = Checked::new(&process, &who, None);
    follower.next().await;
    process.send(&who).await;
    follower.reach(1).await;
}

/// While it hears wake-ups, a follower of a quiet inbox sends no queries.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quiet_inbox_is_not_looked_at() {
    let kit = Kit::embedded();
    let process = kit.process().await;
    let who = owner("a");
    process.send(&who).await;
    let mut followers: Vec<_> = (0..50).map(|_| Checked::new(&process, &who, None)).collect();
    for follower in &mut followers {
        follower.reach(1).await;
    }
    let (reads, pulses) = (process.store.reads(), process.store.pulses.load(Ordering::SeqCst));
    let quiet = futures::future::join_all(followers.iter_mut().map(Checked::next));
    let three_pulses = until("three pulses", async || process.store.pulses.load(Ordering::SeqCst) >= pulses + 3);
    tokio::select! {
        _ = quiet => panic!("nothing happened"),
        () = three_pulses => {}
    }
    assert_eq!(process.store.reads(), reads);
}
