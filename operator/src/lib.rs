//! The operator of Hoopoe: reconciles `NotifProducer` and `NotifConsumer`.
//!
//! Both controllers run the same named steps, a module each: [`dereference`] (fetch what the resource points at), [`validate`]
//! (raw → validated, once), [`desired`] (pure: validated → desired objects), [`topology`] (pure diff of desired against observed broker
//! objects, and the writes), [`apply`] (server-side apply in a fixed order) and [`status`] (computed from what was applied).
//! Whatever has a client in its signature contains no decision; whatever decides is pure and tested with plain data.

pub mod admin;
pub mod api_requests;
pub mod apply;
pub mod broker;
pub mod cli;
pub mod config;
pub mod controller;
pub mod dereference;
pub mod desired;
pub mod election;
pub mod metrics;
pub mod register;
pub mod resource;
pub mod scale;
pub mod served;
pub mod status;
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
