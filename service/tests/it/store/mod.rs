//! The store: one suite of behaviour for Postgres and SQLite, and what only one of them has.
// In a test, plain code reads better than what these lints ask for.
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
