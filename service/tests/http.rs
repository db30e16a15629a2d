//! The HTTP surface as its clients meet it: real listeners, the embedded store, cache and broker behind them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "http/openapi.rs"]
mod openapi;
