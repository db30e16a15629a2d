//! The consumer on real brokers and stores: crash loops, poison, outages, drains.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

#[path = "consumer/crash_loop.rs"]
mod crash_loop;
#[path = "consumer/crashing_store.rs"]
mod crashing_store;
#[path = "consumer/drain.rs"]
mod drain;
#[path = "consumer/harness.rs"]
mod harness;
#[path = "inbox/hooked_store.rs"]
mod hooked_store;
#[path = "consumer/outage.rs"]
mod outage;
#[path = "consumer/poison.rs"]
mod poison;
