//! The HTTP surface as its clients meet it: real listeners, the embedded store, cache and broker behind them.

mod kit;

mod batches;
mod bodies;
mod feeds;
mod legacy;
mod marks;
mod openapi;
mod problems;
mod schemathesis;
mod sending;
mod serving;
mod verifiers;
