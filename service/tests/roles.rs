//! The worker roles as processes: what they refuse, what they wait for, what they say.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "roles/broker.rs"]
mod broker;
#[path = "roles/faults.rs"]
mod faults;
#[path = "roles/kit.rs"]
mod kit;
#[path = "roles/polls.rs"]
mod polls;
#[path = "roles/refusals.rs"]
mod refusals;
#[path = "roles/tls.rs"]
mod tls;
