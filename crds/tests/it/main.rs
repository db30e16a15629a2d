//! Tests of the resources, as users write them and as an API server checks them; a module for each area.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod generated;
mod manifests;
mod rules;
