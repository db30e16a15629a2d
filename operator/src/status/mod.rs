//! Step 6: the status of a resource, computed from what the steps before it found. Pure.
//!
//! [`producer`] and [`consumer`] are given the status before, and a condition keeps its `lastTransitionTime` until its
//! `status` changes. So a reconcile in which nothing changed gives an equal status, and an equal status is not written.

mod conditions;
mod findings;
mod kinds;
mod problem;

pub use findings::{BrokerFinding, Findings, PodCount, QueueFindings, ScalingFinding, TopologyFinding, WorkersFinding};
pub use kinds::{consumer, producer};
pub use problem::{Mends, StatusProblem};
