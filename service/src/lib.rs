//! The data plane of Hoopoe: one binary, every role.
//!
//! The path of a notification: [`edge`] reads it from HTTP, [`notif`] parses it, [`ingest`] publishes it, [`broker`]
//! carries it, [`consumer`] takes it from its queue, [`inbox`] commits it to the [`store`] and refreshes the [`cache`],
//! and [`edge`] serves it. [`identity`] decides what a caller may do.

pub mod broker;
pub mod cache;
pub mod client;
pub mod config;
pub mod consumer;
pub mod dev;
pub mod edge;
pub mod identity;
pub mod inbox;
pub mod ingest;
pub mod ledger;
pub mod notif;
pub mod roles;
mod sqlite_file;
pub mod store;
pub mod telemetry;
pub mod timestamp;
mod tls;
