//! The operator on a real API server and a real RabbitMQ: a module for each area.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod apply;
mod charts;
mod control_plane;
mod invalid;
mod register;
mod scaling;
mod testkit;
mod topology;
