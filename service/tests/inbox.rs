//! The inbox: store and cache under one discipline, against a real Postgres and a real Redis.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

#[path = "inbox/cache.rs"]
mod cache;
#[path = "inbox/discipline.rs"]
mod discipline;
#[path = "inbox/follow.rs"]
mod follow;
#[path = "inbox/hooked_store.rs"]
mod hooked_store;
#[path = "inbox/kit.rs"]
mod kit;
#[path = "inbox/late.rs"]
mod late;
#[path = "inbox/old_data.rs"]
mod old_data;
#[path = "inbox/outage.rs"]
mod outage;
#[path = "inbox/pages.rs"]
mod pages;
#[path = "inbox/random.rs"]
mod random;
#[path = "inbox/tls.rs"]
mod tls;
#[path = "inbox/wrapped.rs"]
mod wrapped;
