//! Apply on a real API server.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "apply/autoscaler.rs"]
mod autoscaler;
#[path = "apply/drift.rs"]
mod drift;
#[path = "apply/orphans.rs"]
mod orphans;
#[path = "apply/ownership.rs"]
mod ownership;
#[path = "apply/pod_security.rs"]
mod pod_security;
#[path = "apply/pod_template.rs"]
mod pod_template;
#[path = "apply/refusals.rs"]
mod refusals;
#[path = "apply/stand.rs"]
mod stand;
