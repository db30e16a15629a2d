//! What the steps found, as plain data.

use hoopoe_crds::status::{Backlog, TopologyStatus};

use super::StatusProblem;

/// What one reconcile found of a resource. A step that was not reached, because one before it failed, leaves its
/// finding unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// The generation that was reconciled.
    pub generation: i64,
    /// The resource is paused: nothing was written.
    pub paused: bool,
    /// The spec, its children or their names cannot be as asked: from validate, desired and apply.
    pub refused: Option<StatusProblem>,
    /// The Secrets and what they say.
    pub secrets: Option<StatusProblem>,
    /// The broker's management API.
    pub broker: BrokerFinding,
    /// Exchange, queue, bindings, policies.
    pub topology: TopologyFinding,
    /// The worker pods.
    pub workers: WorkersFinding,
    /// The pods of the inbox API; `None`: it has none.
    pub api: Option<WorkersFinding>,
    /// The label selector of the worker pods.
    pub selector: String,
    /// The resource is being deleted: what it waits for, in one sentence.
    pub deleting: Option<String>,
}

/// How the broker's management API answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerFinding {
    /// It was not asked.
    Unknown,
    /// It answered.
    Reachable,
    /// It did not answer.
    Unreachable(StatusProblem),
    /// It answered, but refuses the credentials, or the user lacks a right.
    CredentialsRefused(StatusProblem),
}

/// Whether the broker's objects are as wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopologyFinding {
    /// The broker could not be read.
    Unknown,
    /// They are as wanted. `notes`: other findings, such as bindings that are not ours.
    Ready {
        /// One sentence each.
        notes: Vec<String>,
    },
    /// They are not; the first fault is the most important.
    NotReady(Vec<StatusProblem>),
}

/// What is known about the pods of one Deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkersFinding {
    /// The Deployment was not applied yet.
    Unknown,
    /// The Deployment was applied.
    Pods(PodCount),
}

/// The pods of one Deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodCount {
    /// How many pods are wanted.
    pub desired: i32,
    /// How many pods exist.
    pub existing: i32,
    /// How many pods are ready.
    pub ready: i32,
    /// Ready for as long as `rollout.minReadySeconds` asks.
    pub available: i32,
    /// How many pods have the newest template.
    pub updated: i32,
    /// Whether the Deployment's controller has seen its newest spec.
    pub observed: bool,
    /// Why the Deployment makes no progress, in its own words (`ProgressDeadlineExceeded`, `ReplicaFailure`).
    pub stuck: Option<String>,
    /// `lifecycle: Stopped`.
    pub stopped: bool,
}

/// Findings that only a consumer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueFindings {
    /// What the scaler reports.
    pub scaling: ScalingFinding,
    /// The count that the scaler decided.
    pub desired_replicas: Option<i32>,
    /// How much waits.
    pub backlog: Option<Backlog>,
    /// Whether dead letters wait; `None`: the broker could not be read.
    pub dead_letters: Option<bool>,
    /// `overflow: DropHead`.
    pub may_drop: bool,
    /// What is in force on the broker.
    pub topology: Option<TopologyStatus>,
    /// The queue's name.
    pub queue: String,
}

/// What the scaler reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScalingFinding {
    /// `scaling` is unset.
    Off,
    /// It decides the count.
    Active,
    /// It keeps the count because it lacks data; why.
    Holding(StatusProblem),
}

impl PodCount {
    /// Whether the resource is as wanted.
    pub fn is_as_asked(&self) -> bool {
        let Self { desired, existing, ready: _, available, updated, observed, stuck, stopped: _ } = self;
        *observed && stuck.is_none() && available >= desired && updated >= desired && existing == desired
    }
}
