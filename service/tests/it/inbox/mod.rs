//! The inbox over a store and a cache, with a real Postgres and a real Redis.

mod cache;
mod discipline;
mod follow;
pub(crate) mod hooked_store;
mod kit;
mod late;
mod old_data;
mod outage;
mod pages;
mod random;
mod tls;
mod wrapped;
