//! Reads a broker, decides by [`super::claims`] and [`super::diff`], and writes.

use std::{sync::Arc, time::Instant};

use super::{Broker, Change, Desired, Finding, ManagementClient, SNAPSHOT_AGE, Snapshot, claims, diff};
use crate::topology::{BrokerError, Claimant, Mode};

/// What was done and what was seen.
#[derive(Clone, Debug)]
pub struct Synced {
    /// The writes that were carried out; in [`Mode::ReadOnly`] those that would be.
    pub changes: Vec<Change>,
    /// What no write of ours mends.
    pub findings: Vec<Finding>,
    /// The broker's objects after the writes.
    pub seen: Arc<Snapshot>,
}

impl Synced {
    /// Whether another resource holds the queue.
    pub fn is_taken(&self) -> bool {
        self.findings.iter().any(|finding| matches!(finding, Finding::QueueTaken { .. }))
    }
}

/// Brings about what a resource wants of its broker. `known`: the other consumers of this cluster that want the same queue of the same broker.
/// `fresh`: read again even if the last read is young, because something moved.
pub async fn reconcile(
    broker: &Broker,
    desired: &Desired,
    known: &[Claimant],
    mode: Mode,
    fresh: Option<Instant>,
) -> Result<Synced, BrokerError> {
    let young = Instant::now().checked_sub(SNAPSHOT_AGE).unwrap_or_else(Instant::now);
    let mut seen = broker.snapshot(fresh.unwrap_or(young)).await?;
    let mut done = Vec::new();
    // Each turn carries out one stage: the claim, then what needs it. A turn without writes is the last, and no healthy run needs a fourth.
    for _ in 0..4 {
        if let Some(finding) = taken(desired, known, &seen) {
            withdraw(broker.client(), desired, &seen, mode).await?;
            return Ok(Synced { changes: done, findings: vec![finding], seen });
        }
        let difference = diff::difference(desired, &seen);
        if difference.changes.is_empty() || mode == Mode::ReadOnly {
            done.extend(difference.changes);
            return Ok(Synced { changes: done, findings: difference.findings, seen });
        }
        let stage = stage(difference.changes, desired, &seen);
        // Writes wait for their turn, and this read is old after them.
        drop(seen);
        for change in &stage {
            carry_out(broker.client(), change).await?;
        }
        done.extend(stage);
        seen = broker.snapshot(Instant::now()).await?;
    }
    let findings = diff::difference(desired, &seen).findings;
    Ok(Synced { changes: done, findings, seen })
}

/// One write. What a queue loses by it is decided before.
pub async fn carry_out(client: &ManagementClient, change: &Change) -> Result<(), BrokerError> {
    match change {
        Change::DeclareExchange { name, kind } => client.declare_exchange(name, kind).await,
        Change::PutPolicy(policy) => client.put_policy(policy).await,
        Change::DeclareQueue { name, arguments } => client.declare_queue(name, arguments.clone()).await,
        Change::Bind { queue, binding } => client.bind(queue, binding).await,
        Change::Unbind { queue, binding } => client.unbind(queue, binding).await,
        Change::DeletePolicy { name } => client.delete_policy(name).await,
        Change::DeleteQueue { name, messages: _ } => client.delete_queue(name).await,
        Change::DeleteExchange { name } => client.delete_exchange_if_unused(name).await.map(drop),
    }
}

/// The finding, if another resource holds the queue.
pub fn taken(desired: &Desired, known: &[Claimant], seen: &Snapshot) -> Option<Finding> {
    let queue = desired.queue.as_ref()?;
    taken_queue(&desired.claimant, desired.cluster.as_deref(), &queue.name, known, seen)
}

/// The same of a queue alone.
pub fn taken_queue(
    me: &Claimant,
    cluster: Option<&str>,
    queue: &str,
    known: &[Claimant],
    seen: &Snapshot,
) -> Option<Finding> {
    let by = claims::holder(me, cluster, queue, &seen.policies, known)?;
    Some(Finding::QueueTaken { queue: queue.to_owned(), by })
}

/// While our claim does not sit, only claims are written: whoever else wrote one at that moment is seen in the read that follows.
fn stage(changes: Vec<Change>, desired: &Desired, seen: &Snapshot) -> Vec<Change> {
    let sits = desired.queue.as_ref().is_none_or(|queue| seen.policies.contains_key(&queue.policy.name));
    if sits {
        return changes;
    }
    changes.into_iter().filter(|change| matches!(change, Change::PutPolicy(_))).collect()
}

/// Two wrote their claims at one moment and this one yields: its policies go, and nothing else of it was written.
async fn withdraw(
    client: &ManagementClient,
    desired: &Desired,
    seen: &Snapshot,
    mode: Mode,
) -> Result<(), BrokerError> {
    let Some(queue) = &desired.queue else { return Ok(()) };
    if mode == Mode::ReadOnly {
        return Ok(());
    }
    for policy in [&queue.policy, &queue.dead_letter_policy] {
        // One of that name may be another cluster's.
        if seen.policies.get(&policy.name).is_some_and(|there| !there.is_of_another(desired.cluster.as_deref())) {
            client.delete_policy(&policy.name).await?;
        }
    }
    Ok(())
}
