//! The store's commit beside a flat insert of the same rows, into the same kind of table with the same indexes, one after the other
//! in one run: the ratio is what counts. A database of its own, fsync on, one connection.
//!
//! `cargo bench -p hoopoe --bench commit`
#![allow(missing_docs, clippy::unwrap_used, clippy::pedantic)]

use std::time::{Duration, Instant};

use async_trait::async_trait;
use hoopoe::{
    notif::{Notification, Owner},
    store::{Announce, Position, PostgresStore, Store, StoreOptions, migrate},
    timestamp::Timestamp,
};
use hoopoe_crds::worker_config::TlsConfig;
use hoopoe_e2e::{Postgres, PostgresOptions};
use sqlx::{Executor, PgPool};
use uuid::Uuid;

const BATCH: usize = 500;
const RUNS: usize = 5;
const RUN: Duration = Duration::from_secs(2);

struct Takes;

#[async_trait]
impl Announce for Takes {
    async fn announce(&self, _: &[(Owner, Position)]) -> bool {
        true
    }
}

/// `UUIDv7` or random ids, to one of so many owners each, with a text of 256 bytes.
fn batch(owners: usize, next: &mut usize) -> Vec<Notification> {
    (0..BATCH)
        .map(|_| {
            *next += 1;
            Notification {
                // A step that shares no factor with the owners: a batch goes to as many of them as it can.
                owner: Owner::parse(&format!("owner-{:07}", next.wrapping_mul(7_919) % owners)).unwrap(),
                id: Uuid::now_v7(),
                source_id: None,
                kind: "order.shipped".to_owned(),
                actor: "shop".to_owned(),
                title: "Your order is on its way".to_owned(),
                body: String::new(),
                data: Some(format!("{{\"payload\":\"{}\"}}", "x".repeat(240))),
                priority: 0,
                created_at: Timestamp::now(),
                expires_at: None,
            }
        })
        .collect()
}

const FLAT: &str = "INSERT INTO flat (owner, id, source_id, rev, changed_rev, unread_rev, unseen_rev, kind, actor, title, body, data, \
     priority, created_at, expires_at) \
     SELECT u.owner, u.id, u.source_id, u.rev, u.rev, u.rev, u.rev, u.kind, u.actor, u.title, u.body, u.data, u.priority, \
     u.created_at, u.expires_at FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], \
     $8::text[], $9::text[], $10::smallint[], $11::bigint[], $12::bigint[]) \
     AS u (owner, id, source_id, rev, kind, actor, title, body, data, priority, created_at, expires_at) \
     ON CONFLICT (owner, id) DO NOTHING";

async fn flat_insert(pool: &PgPool, batch: &[Notification], first_rev: i64) {
    let column = |of: fn(&Notification) -> &str| batch.iter().map(of).collect::<Vec<&str>>();
    let mut tx = pool.begin().await.unwrap();
    sqlx::query(FLAT)
        .bind(column(|n| n.owner.as_str()))
        .bind(batch.iter().map(|n| n.id).collect::<Vec<_>>())
        .bind(batch.iter().map(|n| n.source_id.as_deref()).collect::<Vec<_>>())
        .bind((first_rev..).take(batch.len()).collect::<Vec<_>>())
        .bind(column(|n| &n.kind))
        .bind(column(|n| &n.actor))
        .bind(column(|n| &n.title))
        .bind(column(|n| &n.body))
        .bind(batch.iter().map(|n| n.data.as_deref()).collect::<Vec<_>>())
        .bind(batch.iter().map(|n| i16::from(n.priority)).collect::<Vec<_>>())
        .bind(batch.iter().map(|n| n.created_at.micros()).collect::<Vec<_>>())
        .bind(batch.iter().map(|n| n.expires_at.map(Timestamp::micros)).collect::<Vec<_>>())
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// Rows a second, over one run of ready-made batches.
async fn rate(mut once: impl AsyncFnMut(&[Notification]), owners: usize, next: &mut usize) -> f64 {
    let mut busy = Duration::ZERO;
    let mut rows = 0;
    while busy < RUN {
        let batch = batch(owners, next);
        let started = Instant::now();
        once(&batch).await;
        busy += started.elapsed();
        rows += batch.len();
    }
    rows as f64 / busy.as_secs_f64()
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

async fn compare(server: &Postgres, owners: usize) {
    let url = server.create_database(&format!("bench{owners}")).await.unwrap();
    let tls = TlsConfig::default();
    migrate::up(migrate::Target::Postgres { url: &url, tls: &tls }).await.unwrap();
    let options = StoreOptions { retention: None, max_connections: 2 };
    let store = PostgresStore::connect(&url, &tls, options).await.unwrap();
    let pool =
        sqlx::postgres::PgPoolOptions::new().max_connections(2).test_before_acquire(false).connect(&url).await.unwrap();
    pool.execute("CREATE TABLE flat (LIKE notification INCLUDING ALL)").await.unwrap();
    let (mut commits, mut flats, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let (mut a, mut b) = (0, 0);
    for _ in 0..RUNS {
        let mut rev = 0;
        let flat = rate(
            async |batch| {
                rev += 500;
                flat_insert(&pool, batch, rev).await;
            },
            owners,
            &mut a,
        )
        .await;
        let commit = rate(
            async |batch| {
                store.commit(batch, &Takes).await.unwrap();
            },
            owners,
            &mut b,
        )
        .await;
        flats.push(flat);
        commits.push(commit);
        ratios.push(commit / flat);
    }
    println!("| {owners:>9} | {:>11.0} | {:>7.0} | {:>5.2} |", median(flats), median(commits), median(ratios));
    store.close().await;
    pool.close().await;
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let server = Postgres::start(PostgresOptions::default()).await.unwrap();
    println!("rows a second, batches of {BATCH}, medians of {RUNS} runs of {} s", RUN.as_secs());
    println!("| owners    | flat insert | commit  | ratio |");
    println!("|-----------|-------------|---------|-------|");
    for owners in [1, 500, 50_000] {
        compare(&server, owners).await;
    }
}
