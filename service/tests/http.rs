//! The HTTP surface as its clients meet it: real listeners, the embedded store, cache and broker behind them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "http/kit.rs"]
mod kit;

#[path = "http/batches.rs"]
mod batches;
#[path = "http/bodies.rs"]
mod bodies;
#[path = "http/feeds.rs"]
mod feeds;
#[path = "http/legacy.rs"]
mod legacy;
#[path = "http/marks.rs"]
mod marks;
#[path = "http/openapi.rs"]
mod openapi;
#[path = "http/problems.rs"]
mod problems;
#[path = "http/schemathesis.rs"]
mod schemathesis;
#[path = "http/sending.rs"]
mod sending;
#[path = "http/serving.rs"]
mod serving;
#[path = "http/verifiers.rs"]
mod verifiers;
