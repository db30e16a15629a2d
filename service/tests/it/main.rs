//! Tests of the service on real servers; a module for each area.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod broker;
mod consumer;
mod dev;
mod http;
mod inbox;
mod pipeline;
mod roles;
mod store;
mod testkit;
