//! The HTTP API as its clients see it: real listeners over the embedded store, cache and broker.

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
