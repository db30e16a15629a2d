//! The store: one behavioural suite over Postgres and SQLite, and what only one of them has.
// A test reads better plain than pedantic.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::pedantic)]

#[path = "store/announced.rs"]
mod announced;
#[path = "store/commit.rs"]
mod commit;
#[path = "store/concurrency.rs"]
mod concurrency;
#[path = "store/db.rs"]
mod db;
#[path = "store/due.rs"]
mod due;
#[path = "store/feed.rs"]
mod feed;
#[path = "store/history.rs"]
mod history;
#[path = "store/mark.rs"]
mod mark;
#[path = "store/migrations.rs"]
mod migrations;
#[path = "store/outage.rs"]
mod outage;
#[path = "store/plans.rs"]
mod plans;
#[path = "store/pools.rs"]
mod pools;
#[path = "store/sqlite_file.rs"]
mod sqlite_file;
#[path = "store/standby.rs"]
mod standby;
#[path = "store/tls.rs"]
mod tls;
