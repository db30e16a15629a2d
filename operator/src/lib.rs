//! The operator of Hoopoe: reconciles `NotifProducer` and `NotifConsumer`.
//!
//! Both controllers run the same named steps in the same order, a module each: [`validate`] (raw → a proof, pure),
//! [`dereference`] (fetch what the resource points at), [`topology`] (the objects on its broker), [`desired`] (the
//! Kubernetes objects that it needs, pure), [`apply`] (server-side apply in a fixed order) and [`status`] (findings →
//! conditions, pure). [`pipeline`] composes those before the first write, for the controllers and the commands alike;
//! `controller/reconcile.rs` tells one reconcile. Functions with a client in their signature decide nothing; functions
//! that decide are tested with plain data.

pub mod admin;
pub mod api_requests;
pub mod apply;
pub mod brokers;
pub mod cli;
pub mod config;
pub mod controller;
pub mod dereference;
pub mod desired;
pub mod election;
pub mod metrics;
pub mod names;
pub mod pipeline;
pub mod rabbitmq;
pub mod register;
pub mod resource;
pub mod scale;
pub mod served;
pub mod status;
pub mod strategic_merge;
pub mod telemetry;
pub mod topology;
pub mod upgrade;
pub mod validate;

/// Bytes as lower-case hexadecimal digits.
fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
