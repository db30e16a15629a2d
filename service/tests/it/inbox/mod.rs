//! The inbox: store and cache under one discipline, against a real Postgres and a real Redis.

mod cache;
mod discipline;
mod kit;
mod old_data;
mod outage;
mod pages;
mod random;
mod tls;
mod wrapped;
