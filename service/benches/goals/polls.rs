//! Polls beside a handler that does nothing: a 304 from the process, and a first page of 20 items, from Redis and from
//! the process. Sending its bytes is most of the cost of such a page, so one limit is a handler that only sends as many
//! bytes. The last measure is what many polls of unchanged owners ask of Postgres.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, routing::get, serve::ListenerExt};
use bytes::Bytes;
use hoopoe::{
    edge::http::{
        Guard, HttpMetrics,
        inbox::{ApiMetrics, InboxState, etag},
        openapi::api_routes,
        surface,
    },
    identity::Anonymous,
    inbox::{InboxMetrics, Reader, ReaderOptions},
    notif::Notification,
    timestamp::Timestamp,
};
use hoopoe_crds::worker_config::CacheConfig;
use hoopoe_web::{ServerLimits, serve};
use prometheus_client::registry::Registry;
use tokio::{net::TcpListener, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{
    http_client::{HttpClient, Plan, on_a_thread, saturate},
    inbox::Inbox,
    notifications::{notification, owner},
    rounds::{Sides, rounds},
    servers::Servers,
    table::Table,
};

const OWNERS: usize = 1_000;
const ITEMS: usize = 20;
const CONNECTIONS: usize = 32;
const DEPTH: usize = 8;
const RUN: Duration = Duration::from_millis(1_200);
const POLLS: usize = 100_000;
const GOALS: (f64, f64) = (0.75, 0.55);

pub async fn measure(servers: &Servers, table: &mut Table) {
    let inbox = Inbox::open(servers, "polls").await;
    fill(&inbox).await;
    // Do it now, so that the server has no reason to do it while statements are counted.
    servers.postgres.psql("polls", "VACUUM ANALYZE").await.unwrap();
    let tags = tags(&inbox).await;
    let usual = ReaderOptions::new(&CacheConfig::default());
    // No head fits into the process, so every answer that is not a 304 comes from Redis.
    let tiny = ReaderOptions { head_bytes: 1_024, page_bytes: 1_024, ..usual };
    let empty = listen(Router::new().route("/v1/owners/{owner}/feed", get(|| async {}))).await;
    let (stop, stop_bare) = (CancellationToken::new(), CancellationToken::new());
    let (warm, bare) = (open(&inbox, usual, &stop).await, open(&inbox, tiny, &stop_bare).await);

    let (mut unchanged, mut pages) = (Sides::default(), Sides::default());
    let (mut from_process, mut only_bytes) = (Sides::default(), Sides::default());
    let (polls, plain) = (blocks(&tags, true), blocks(&tags, false));
    let page = {
        let first = plain[0].clone();
        on_a_thread(async move { HttpClient::connect(bare, 200, &first).await.answer_length() }).await
    };
    let page = Bytes::from(vec![b'x'; page]);
    let sender =
        listen(Router::new().route("/v1/owners/{owner}/feed", get(move || std::future::ready(page.clone())))).await;
    for round in 0..=rounds() {
        let limit = run(empty, 200, &polls).await;
        take(round, limit, (&mut unchanged, run(warm, 304, &polls).await));
        let limit = run(empty, 200, &plain).await;
        take(round, limit, (&mut pages, run(bare, 200, &plain).await));
        take(round, limit, (&mut from_process, run(warm, 200, &plain).await));
        take(round, limit, (&mut only_bytes, run(sender, 200, &plain).await));
    }
    table.ratio("304 from the process", &unchanged, "empty axum handler", GOALS.0);
    table.ratio("200 of 20 items from Redis", &pages, "empty axum handler", GOALS.1);
    table.beside("200 of 20 items from the process", &from_process, "empty axum handler");
    table.beside("as many bytes from an axum handler", &only_bytes, "empty axum handler");
    stop_bare.cancel();
    statements(servers, warm, &polls, table).await;
    stop.cancel();
}

fn take(round: usize, limit: f64, (sides, ours): (&mut Sides, f64)) {
    if round > 0 {
        sides.add(ours, limit);
    }
}

/// Gives every owner the same number of items, so that all answers have the same length.
async fn fill(inbox: &Inbox) {
    let second = Timestamp::from_micros(Timestamp::now().micros() / 1_000_000 * 1_000_000);
    for _ in 0..ITEMS {
        for some in (0..OWNERS).collect::<Vec<_>>().chunks(500) {
            let batch: Vec<Notification> = some
                .iter()
                .map(|number| Notification { created_at: second, ..notification(*number, OWNERS) })
                .collect();
            inbox.writer.commit(&batch).await.unwrap();
        }
    }
}

async fn tags(inbox: &Inbox) -> Vec<String> {
    let mut tags = Vec::with_capacity(OWNERS);
    for number in 0..OWNERS {
        let head = inbox.store.head(&owner(number, OWNERS)).await.unwrap();
        tags.push(etag(head.head.position()).to_str().unwrap().to_owned());
    }
    tags
}

/// Requests for every owner, `DEPTH` in a block. Block 0 holds only the first request.
fn blocks(tags: &[String], conditional: bool) -> Arc<Vec<Bytes>> {
    let request = |number: usize| {
        let condition =
            if conditional { format!("if-none-match: {}\r\n", tags[number % OWNERS]) } else { String::new() };
        format!("GET /v1/owners/{}/feed HTTP/1.1\r\nhost: bench\r\n{condition}\r\n", owner(number, OWNERS))
    };
    let block = |index: usize| (0..DEPTH).map(|n| request(index * DEPTH + n)).collect::<String>().into();
    Arc::new(std::iter::once(request(0).into()).chain((0..OWNERS).map(block)).collect())
}

fn block_of(blocks: &[Bytes], connection: usize, turn: usize) -> Bytes {
    if turn == 0 { blocks[0].clone() } else { blocks[1 + (connection * 31 + turn) % (blocks.len() - 1)].clone() }
}

async fn run(address: SocketAddr, status: u16, blocks: &Arc<Vec<Bytes>>) -> f64 {
    let plan = Plan { address, status, connections: CONNECTIONS, depth: DEPTH, time: RUN };
    let blocks = Arc::clone(blocks);
    saturate(plan, move |connection, turn| block_of(&blocks, connection, turn)).await
}

async fn listen(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // Our server sets it too: without it, answers to requests that arrive together wait 40 ms for each other.
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn open(inbox: &Inbox, options: ReaderOptions, stop: &CancellationToken) -> SocketAddr {
    let (store, cache, writer) = (Arc::clone(&inbox.store), Arc::clone(&inbox.cache), Arc::clone(&inbox.writer));
    let mut registry = Registry::default();
    let metrics = InboxMetrics::register(&mut registry);
    let reader = Arc::new(Reader::start(store, Some(cache), Arc::clone(&writer), options, metrics, stop));
    while !reader.is_ready() {
        sleep(Duration::from_millis(20)).await;
    }
    let state = InboxState::new(reader, writer, ApiMetrics::register(&mut registry));
    let guard = Guard::new(20_000, HttpMetrics::register(&mut registry), Arc::new(Anonymous), stop);
    let router = surface(api_routes(state), guard);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, router, ServerLimits::default(), stop.clone()));
    address
}

/// Counts the statements by the statistics of Postgres. At that time only one reader uses this database, and it needs
/// only its pulse.
async fn statements(servers: &Servers, address: SocketAddr, blocks: &Arc<Vec<Bytes>>, table: &mut Table) {
    let before = transactions(servers).await;
    let since = Instant::now();
    let blocks = Arc::clone(blocks);
    on_a_thread(async move {
        let mut all = tokio::task::JoinSet::new();
        for connection in 0..CONNECTIONS {
            let blocks = Arc::clone(&blocks);
            all.spawn(async move {
                let mut client = HttpClient::connect(address, 304, &block_of(&blocks, connection, 0)).await;
                for turn in 1..=POLLS / CONNECTIONS / DEPTH {
                    client.exchange(&block_of(&blocks, connection, turn), DEPTH).await;
                }
            });
        }
        all.join_all().await;
    })
    .await;
    let after = transactions(servers).await;
    let seconds = since.elapsed().as_secs_f64();
    let made = after - before;
    let what = format!("Postgres statements for {POLLS} unchanged polls");
    let of = format!("one process for {seconds:.1} s");
    // The statements of one second may fall on either side of each of the two readings.
    let goal = seconds + 2.0;
    table.below(&what, format!("{made:.0}"), of, (made, goal), "statements");
}

async fn transactions(servers: &Servers) -> f64 {
    // A session reports its counts only after it was idle for a second.
    sleep(Duration::from_millis(1_500)).await;
    let sql = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = 'polls'";
    servers.postgres.psql("postgres", sql).await.unwrap().parse().unwrap()
}
