//! The store's commit beside a flat insert of the same rows, in turns. The flat table has the same columns and indexes.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use hoopoe::{
    notif::{Json, Notification, Owner},
    store::{Announce, Position, PostgresStore, Store, StoreOptions},
    timestamp::Timestamp,
};
use hoopoe_crds::worker_config::TlsConfig;
use sqlx::{Executor, PgPool};

use super::{
    notifications::notification,
    rounds::{Sides, rounds},
    servers::Servers,
    table::Table,
};

pub const BATCH: usize = 500;
const RUN: Duration = Duration::from_secs(1);
const GOAL: f64 = 0.50;

/// Stands in for a cache: it accepts every announcement.
pub struct AcceptsAll;

#[async_trait]
impl Announce for AcceptsAll {
    async fn announce(&self, _: &[(Owner, Position)]) -> bool {
        true
    }
}

const FLAT: &str = "INSERT INTO flat (owner, id, source_id, rev, changed_rev, unread_rev, unseen_rev, kind, actor, \
     title, body, data, priority, created_at, expires_at) \
     SELECT u.owner, u.id, u.source_id, u.rev, u.rev, u.rev, u.rev, u.kind, u.actor, u.title, u.body, u.data, \
     u.priority, u.created_at, u.expires_at FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], \
     $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::smallint[], $11::bigint[], $12::bigint[]) \
     AS u (owner, id, source_id, rev, kind, actor, title, body, data, priority, created_at, expires_at) \
     ON CONFLICT (owner, id) DO NOTHING";

/// A database with the flat table: like the store's, but without the upkeep of owners, revs and counters.
pub async fn flat_pool(url: &str) -> PgPool {
    let options = sqlx::postgres::PgPoolOptions::new().max_connections(2).test_before_acquire(false);
    // The same limits as the store's own pool.
    let options = options.idle_timeout(None).max_lifetime(None);
    let pool = options.connect(url).await.unwrap();
    pool.execute("CREATE TABLE flat (LIKE notification INCLUDING ALL)").await.unwrap();
    pool
}

/// Inserts in one statement, which is a transaction of its own if none is open.
pub async fn flat_insert<'e>(executor: impl sqlx::PgExecutor<'e>, batch: &[Notification], first_rev: i64) {
    let column = |of: fn(&Notification) -> &str| batch.iter().map(of).collect::<Vec<&str>>();
    sqlx::query(FLAT)
        .bind(column(|n| n.owner.as_str()))
        .bind(batch.iter().map(|n| n.id).collect::<Vec<_>>())
        .bind(batch.iter().map(|n| n.source_id.as_deref()).collect::<Vec<_>>())
        .bind((first_rev..).take(batch.len()).collect::<Vec<_>>())
        .bind(column(|n| &n.content.kind))
        .bind(column(|n| &n.content.actor))
        .bind(column(|n| &n.content.title))
        .bind(column(|n| &n.content.body))
        .bind(batch.iter().map(|n| n.content.data.as_ref().map(Json::as_str)).collect::<Vec<_>>())
        .bind(batch.iter().map(|n| i16::from(n.content.priority)).collect::<Vec<_>>())
        .bind(batch.iter().map(|n| n.created_at.micros()).collect::<Vec<_>>())
        .bind(batch.iter().map(|n| n.expires_at.map(Timestamp::micros)).collect::<Vec<_>>())
        .execute(executor)
        .await
        .unwrap();
}

pub async fn store(url: &str) -> PostgresStore {
    let options = StoreOptions { retention: None, max_connections: 4 };
    PostgresStore::connect(url, &TlsConfig::default(), options).await.unwrap()
}

/// How many rows a second `once` stores, from batches that are made beforehand.
pub async fn rate(mut once: impl AsyncFnMut(&[Notification]), owners: usize, next: &mut usize) -> f64 {
    let (mut busy, mut rows) = (Duration::ZERO, 0);
    while busy < RUN {
        let batch: Vec<_> = (*next..*next + BATCH).map(|number| notification(number, owners)).collect();
        *next += BATCH;
        let started = Instant::now();
        once(&batch).await;
        busy += started.elapsed();
        rows += batch.len();
    }
    rows as f64 / busy.as_secs_f64()
}

pub async fn measure(servers: &Servers, table: &mut Table) {
    for (owners, label) in [(500, "one commit, 500 owners"), (50_000, "one commit, 50,000 owners")] {
        let url = servers.database(&format!("commit{owners}")).await;
        let (store, pool) = (store(&url).await, flat_pool(&url).await);
        let (mut a, mut b, mut sides) = (0, 0, Sides::default());
        for round in 0..=rounds() {
            let flat = rate(async |batch| flat_insert(&pool, batch, 1).await, owners, &mut a).await;
            let commit = async |batch: &[Notification]| drop(store.commit(batch, &AcceptsAll).await.unwrap());
            let commit = rate(commit, owners, &mut b).await;
            if round > 0 {
                sides.add(commit, flat);
            }
        }
        store.close().await;
        pool.close().await;
        table.ratio(label, &sides, "flat insert", GOAL);
    }
}
