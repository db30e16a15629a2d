//! The whole pipeline, as processes of the real binary between real servers, while things are killed, cut off and frozen under load.
//! `HOOPOE_PIPELINE=redis` runs only the scenarios whose name contains that.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

#[path = "pipeline/load.rs"]
mod load;
#[path = "pipeline/scenarios.rs"]
mod scenarios;
#[path = "pipeline/stack.rs"]
mod stack;
#[path = "pipeline/worker.rs"]
mod worker;
