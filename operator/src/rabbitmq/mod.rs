//! Topology on RabbitMQ, by its management API.
//!
//! A fixed number of list reads per virtual host serves every resource on it ([`Broker`]). [`desired`], [`claims`],
//! [`diff`] and [`deletion`] decide, on plain data; [`sync`] reads and writes.

mod answer;
mod broker;
mod chain;
pub mod change;
pub mod claims;
mod client;
mod connection;
pub mod deletion;
mod depths;
pub mod desired;
pub mod diff;
pub mod finding;
mod losses;
pub mod names;
mod objects;
mod shared_read;
mod snapshot;
pub mod sync;
mod topology;

pub use broker::{Broker, SNAPSHOT_AGE};
pub use change::Change;
pub use client::ManagementClient;
pub use desired::Desired;
pub use finding::RabbitFinding;
pub use snapshot::{Binding, Exchange, Policy, Queue, Snapshot};
