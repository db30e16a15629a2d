//! The store: one behavioural suite over Postgres and SQLite, and what only one of them has.
// A test reads better plain than pedantic.
#![allow(clippy::pedantic)]

mod announced;
mod commit;
mod concurrency;
mod db;
mod due;
mod feed;
mod history;
mod mark;
mod migrations;
mod outage;
mod plans;
mod pools;
mod sqlite_file;
mod standby;
mod tls;
