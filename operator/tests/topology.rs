//! Topology on a real RabbitMQ: the machine's own (3.10 on Debian 12) and 4.0.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "topology/kit.rs"]
mod kit;

#[path = "topology/bringing_about.rs"]
mod bringing_about;
#[path = "topology/claims.rs"]
mod claims;
#[path = "topology/faults.rs"]
mod faults;
#[path = "topology/reads.rs"]
mod reads;
