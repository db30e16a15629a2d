//! The operator, under its least role, on a real API server with a real RabbitMQ.

// Test code: a panic is the report.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "control_plane/kit.rs"]
mod kit;

#[path = "control_plane/autoscalers.rs"]
mod autoscalers;
#[path = "control_plane/broker_faults.rs"]
mod broker_faults;
#[path = "control_plane/broker_proxy.rs"]
mod broker_proxy;
#[path = "control_plane/clusters.rs"]
mod clusters;
#[path = "control_plane/commands.rs"]
mod commands;
#[path = "control_plane/deletion.rs"]
mod deletion;
#[path = "control_plane/drift.rs"]
mod drift;
#[path = "control_plane/edits.rs"]
mod edits;
#[path = "control_plane/every_field.rs"]
mod every_field;
#[path = "control_plane/faults.rs"]
mod faults;
#[path = "control_plane/faulty_client.rs"]
mod faulty_client;
#[path = "control_plane/leadership.rs"]
mod leadership;
#[path = "control_plane/life.rs"]
mod life;
#[path = "control_plane/namespaces.rs"]
mod namespaces;
#[path = "control_plane/older_workers.rs"]
mod older_workers;
#[path = "control_plane/plan.rs"]
mod plan;
#[path = "control_plane/register_port.rs"]
mod register_port;
#[path = "control_plane/rights.rs"]
mod rights;
#[path = "control_plane/secrets.rs"]
mod secrets;
#[path = "control_plane/upgrades.rs"]
mod upgrades;
#[path = "control_plane/watches.rs"]
mod watches;
