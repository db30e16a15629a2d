//! The time from the 202 until a poll would show the notification, at half of the rate that the whole pipeline can
//! take.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use hoopoe::{
    cache::{Cache, CacheError, Entry, Page, RedisCache, Token, Wakeup},
    notif::Owner,
    store::{HeadAt, OwnerChange, Position},
};
use tokio::sync::broadcast;
use uuid::Uuid;

use super::{
    http_client::{HttpClient, Plan, on_a_thread, saturate},
    inbox::Inbox,
    ingest::{Door, request},
    rounds::{median, rounds},
    servers::Servers,
    table::Table,
};

const CONNECTIONS: usize = 256;
const FULL: Duration = Duration::from_secs(2);
const HALF: Duration = Duration::from_secs(3);
const GOALS: (f64, f64) = (15.0, 60.0);

/// A cache that notes when it was told of each notification. From that moment every reader knows of it.
struct Noting {
    cache: RedisCache,
    shown: Arc<Mutex<HashMap<Uuid, Instant>>>,
}

#[async_trait]
impl Cache for Noting {
    async fn announce(&self, changes: &[(Owner, Position)]) -> Result<Vec<Token>, CacheError> {
        self.cache.announce(changes).await
    }

    async fn publish(&self, changes: &[(OwnerChange, Token)]) -> Result<(), CacheError> {
        let result = self.cache.publish(changes).await;
        let (now, mut shown) = (Instant::now(), self.shown.lock().unwrap());
        shown.extend(changes.iter().flat_map(|(change, _)| &change.inserted).map(|item| (item.id, now)));
        result
    }

    async fn open(&self, owner: &Owner, with_page: bool) -> Result<Entry, CacheError> {
        self.cache.open(owner, with_page).await
    }

    async fn fill(&self, owner: &Owner, token: &Token, head: &HeadAt, page: Option<&Page>) -> Result<(), CacheError> {
        self.cache.fill(owner, token, head, page).await
    }

    fn is_up(&self) -> bool {
        self.cache.is_up()
    }

    fn wakeups(&self) -> broadcast::Receiver<Wakeup> {
        self.cache.wakeups()
    }

    fn hearing(&self) -> Option<u64> {
        self.cache.hearing()
    }

    fn breaks(&self) -> u64 {
        self.cache.breaks()
    }
    fn covered(&self, breaks: u64) {
        self.cache.covered(breaks);
    }
}

pub async fn measure(servers: &Servers, table: &mut Table) {
    let config = servers.declare("latency").await;
    let shown = Arc::new(Mutex::new(HashMap::new()));
    let noted = Arc::clone(&shown);
    let inbox =
        Inbox::over(servers, "latency", move |cache| Arc::new(Noting { cache, shown: noted }) as Arc<dyn Cache>).await;
    let door = Door::open(servers, "latency").await;
    let draining = inbox.drain(servers, &config);
    let next = Arc::new(AtomicUsize::new(0));

    // Full load is the lower of two rates, measured together: what the producer accepts and what the consumer stores.
    let plan = Plan { address: door.address, status: 202, connections: CONNECTIONS, depth: 1, time: FULL };
    let numbers = Arc::clone(&next);
    let since = Instant::now();
    let accepted = saturate(plan, move |_, _| request(numbers.fetch_add(1, Ordering::Relaxed)).1).await;
    let (until, stored) = draining.stored(next.load(Ordering::Relaxed)).await;
    let full = accepted.min(stored as f64 / (until - since).as_secs_f64());

    let (mut p50s, mut p99s) = (Vec::new(), Vec::new());
    for _ in 0..rounds() {
        shown.lock().unwrap().clear();
        let accepted = paced(&door, full / 2.0, Arc::clone(&next)).await;
        draining.stored(next.load(Ordering::Relaxed)).await;
        let shown = shown.lock().unwrap();
        // A notification that was visible before the client read its 202 counts as 0 ms.
        let mut waits: Vec<f64> = accepted
            .iter()
            .map(|(id, accepted)| shown[id].saturating_duration_since(*accepted).as_secs_f64() * 1_000.0)
            .collect();
        waits.sort_by(f64::total_cmp);
        p50s.push(waits[waits.len() / 2]);
        p99s.push(waits[waits.len() * 99 / 100]);
    }
    draining.stop().await;
    door.close().await;
    let at = format!("at {:.0}/s", full / 2.0);
    let of = format!("full load {full:.0}/s");
    table.below("accepted to visible, p50", at.clone(), of.clone(), (median(&p50s), GOALS.0), "ms");
    table.below("accepted to visible, p99", at, of, (median(&p99s), GOALS.1), "ms");
}

/// Sends at a steady rate and returns when each notification was accepted.
async fn paced(door: &Door, rate: f64, next: Arc<AtomicUsize>) -> Vec<(Uuid, Instant)> {
    let address = door.address;
    on_a_thread(async move {
        let mut all = tokio::task::JoinSet::new();
        let began = Instant::now() + Duration::from_millis(200);
        for connection in 0..CONNECTIONS {
            let next = Arc::clone(&next);
            all.spawn(async move {
                let (_, first) = request(next.fetch_add(1, Ordering::Relaxed));
                let mut client = HttpClient::connect(address, 202, &first).await;
                let mut accepted = Vec::new();
                for turn in 0.. {
                    let number = u32::try_from(connection + turn * CONNECTIONS).unwrap();
                    let due = Duration::from_secs_f64(f64::from(number) / rate);
                    if due > HALF {
                        break;
                    }
                    tokio::time::sleep_until((began + due).into()).await;
                    let (id, request) = request(next.fetch_add(1, Ordering::Relaxed));
                    client.exchange(&request, 1).await;
                    accepted.push((id, Instant::now()));
                }
                accepted
            });
        }
        all.join_all().await.into_iter().flatten().collect()
    })
    .await
}
