//! The data plane of Hoopoe: one binary, every role.
//!
//! A notification's way through it: [`producer`] takes it over HTTP, [`notif`] parses it, [`broker`] carries it, [`consumer`]
//! takes it from its queue, [`inbox`] commits it to the [`store`] and refreshes the [`cache`], [`api`] serves it.

pub mod api;
pub mod broker;
pub mod cache;
pub mod client;
pub mod config;
pub mod consumer;
pub mod dev;
pub mod http;
pub mod inbox;
pub mod ledger;
pub mod notif;
pub mod producer;
pub mod roles;
mod sqlite_file;
pub mod store;
pub mod telemetry;
pub mod timestamp;
mod tls;
