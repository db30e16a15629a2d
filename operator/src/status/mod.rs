//! Step 6: the status of a resource, computed from what the steps before it found. Pure.
//!
//! Only changes count: [`producer`] and [`consumer`] are given the status before, and a condition keeps its `lastTransitionTime` until its
//! `status` changes, so that a reconcile in which nothing changed gives an equal status, which nobody writes.

mod conditions;
mod findings;
mod kinds;
mod problem;

pub use findings::{BrokerFinding, Findings, PodCount, QueueFindings, ScalingFinding, TopologyFinding, WorkersFinding};
pub use kinds::{consumer, producer};
pub use problem::{Mends, StatusProblem};
