//! What resources want of a RabbitMQ.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use hoopoe_crds::{policy, status::TopologyStatus};

use super::{
    Broker, Change, RabbitFinding, chain,
    deletion::{self, DeletionInput, DeletionStep},
    desired::{Desired, HeldQueue},
    diff,
    losses::losses,
    sync::{self, Synced},
};
use crate::topology::{
    BrokerError, BroughtAbout, Claimant, DEPTHS_AGE, Depths, EmptySince, Held, Mode, Preview, QueueSight, Removal,
    Sight, Situation, Topology, Wanted,
};

#[async_trait]
impl Topology for Broker {
    async fn bring_about(
        &self,
        wanted: &Wanted<'_>,
        rivals: &[Claimant],
        mode: Mode,
        fresh: Option<Instant>,
    ) -> Result<BroughtAbout, BrokerError> {
        let desired = Desired::of(wanted);
        let synced = sync::reconcile(self, &desired, rivals, mode, fresh).await?;
        let (broker, queue) = (self.id(&synced.seen), queue_sight(&desired, &synced));
        // Drop the broker snapshot before the caller waits for the apply semaphore: hundreds of waiters would each keep
        // one alive.
        let Synced { changes, findings, seen: _ } = synced;
        Ok(BroughtAbout {
            writes: changes.iter().map(Change::to_write).collect(),
            findings: findings.iter().map(RabbitFinding::to_finding).collect(),
            broker,
            queue,
        })
    }

    async fn preview(&self, wanted: &Wanted<'_>, rivals: &[Claimant]) -> Result<Preview, BrokerError> {
        let desired = Desired::of(wanted);
        let seen = self.snapshot(Instant::now()).await?;
        if let Some(taken) = sync::taken(&desired, rivals, &seen) {
            return Ok(Preview { writes: Vec::new(), losses: Vec::new(), findings: vec![taken.to_finding()] });
        }
        let difference = diff::difference(&desired, &seen);
        Ok(Preview {
            losses: losses(&difference.changes, &seen),
            writes: difference.changes.iter().map(Change::to_write).collect(),
            findings: difference.findings.iter().map(RabbitFinding::to_finding).collect(),
        })
    }

    async fn chain(&self, wanted: &Wanted<'_>) -> Result<Vec<Sight>, BrokerError> {
        let seen = self.snapshot(Instant::now()).await?;
        // Without rates the chain is still complete.
        let depths = self.depths(DEPTHS_AGE).await.ok();
        Ok(chain::sights(&Desired::of(wanted), &seen, depths.as_deref()))
    }

    async fn remove_queue(
        &self,
        held: &Held<'_>,
        situation: Situation,
        empty: &mut EmptySince,
    ) -> Result<Removal, BrokerError> {
        let HeldQueue { claimant, cluster, queue, mark } = HeldQueue::of(held);
        let asked = Instant::now();
        let seen = self.snapshot(asked).await?;
        let empty_for = empty.observe(&queue.name, &mark, &seen, asked, Instant::now());
        let Situation { timed_out, workers, workers_wanted } = situation;
        let step = deletion::next(&DeletionInput {
            queue: &queue,
            mark: &mark,
            policy: held.queue.queue.deletion_policy,
            seen: &seen,
            taken: sync::taken_queue(&claimant, cluster.as_deref(), &queue.name, &[], &seen).is_some(),
            empty_for,
            timed_out,
            workers,
            workers_wanted,
        });
        Ok(match step {
            DeletionStep::Write(changes) => {
                for change in changes {
                    tracing::info!(resource = %claimant.id, %change, "writing to the broker for a deletion");
                    sync::carry_out(self.client(), &change).await?;
                }
                Removal::Wrote
            }
            DeletionStep::Drain { messages } => Removal::Drain { messages },
            DeletionStep::Confirm => Removal::Confirm,
            DeletionStep::StopWorkers => Removal::StopWorkers,
            DeletionStep::Done { kept } => Removal::Done { kept },
        })
    }

    async fn remove_exchange(&self, name: &str) -> Result<bool, BrokerError> {
        self.client().delete_exchange_if_unused(name).await
    }

    async fn depths(&self, age: Duration) -> Result<Arc<Depths>, BrokerError> {
        Self::depths(self, age).await
    }
}

/// What a read shows of a consumer's queue.
fn queue_sight(desired: &Desired, synced: &Synced) -> Option<QueueSight> {
    let wanted = desired.queue.as_ref()?;
    let queues = &synced.seen.queues;
    let dead_letters = queues.get(&policy::dead_letters(&wanted.name));
    let status = (!synced.is_taken()).then(|| TopologyStatus {
        policy_name: Some(wanted.policy.name.clone()),
        effective_policy: queues.get(&wanted.name).and_then(|queue| queue.policy.clone()),
        hash: Some(desired.hash()),
    });
    Some(QueueSight {
        dead_letters: dead_letters.map(|dead| dead.messages_ready + dead.messages_unacknowledged > 0),
        status,
    })
}
