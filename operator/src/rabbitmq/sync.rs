//! Reads a broker, decides by [`super::claims`] and [`super::diff`], and writes.

use std::{sync::Arc, time::Instant};

use super::{Broker, Change, Desired, ManagementClient, RabbitFinding, SNAPSHOT_AGE, Snapshot, claims, diff};
use crate::topology::{BrokerError, Claimant, Mode};

/// What was done, and what was found.
#[derive(Clone, Debug)]
pub struct Synced {
    /// The writes that were carried out; with [`Mode::ReadOnly`], those that would be.
    pub changes: Vec<Change>,
    /// What our writes cannot mend.
    pub findings: Vec<RabbitFinding>,
    /// The broker's objects after the writes.
    pub seen: Arc<Snapshot>,
}

impl Synced {
    /// Whether another resource holds the queue.
    pub fn is_taken(&self) -> bool {
        self.findings.iter().any(|finding| matches!(finding, RabbitFinding::QueueTaken { .. }))
    }
}

/// Makes the broker's objects as a resource wants them. `known`: the other consumers of this cluster that want the same
/// queue of the same broker. `fresh`: read again even if the last read is young, because something changed.
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
    // Each turn carries out one stage: the claim, then what depends on it. The first turn without writes is the last
    // one; a run without faults needs three.
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
        // Free the read before the writes wait for their turn: it is old after them.
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

/// Carries out one write.
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

/// The finding that another resource holds the queue, if one does.
pub fn taken(desired: &Desired, known: &[Claimant], seen: &Snapshot) -> Option<RabbitFinding> {
    let queue = desired.queue.as_ref()?;
    taken_queue(&desired.claimant, desired.cluster.as_deref(), &queue.name, known, seen)
}

/// The same for a queue alone.
pub fn taken_queue(
    me: &Claimant,
    cluster: Option<&str>,
    queue: &str,
    known: &[Claimant],
    seen: &Snapshot,
) -> Option<RabbitFinding> {
    let by = claims::holder(me, cluster, queue, &seen.policies, known)?;
    Some(RabbitFinding::QueueTaken { queue: queue.to_owned(), by })
}

/// Until the broker lists our claim policy, write policies only; the next read shows whether a rival claimed the queue
/// at the same time.
fn stage(changes: Vec<Change>, desired: &Desired, seen: &Snapshot) -> Vec<Change> {
    let is_claimed = desired.queue.as_ref().is_none_or(|queue| seen.policies.contains_key(&queue.policy.name));
    if is_claimed {
        return changes;
    }
    changes.into_iter().filter(|change| matches!(change, Change::PutPolicy(_))).collect()
}

/// Two resources wrote their claims at the same moment and this one yields: its policies are removed. It has written
/// nothing else.
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
        // A policy of that name may be another cluster's.
        if seen.policies.get(&policy.name).is_some_and(|there| !there.is_of_another(desired.cluster.as_deref())) {
            client.delete_policy(&policy.name).await?;
        }
    }
    Ok(())
}
