//! One virtual host of a RabbitMQ, as one user sees it: its reads, shared by all who ask, and what resources want of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use hoopoe_crds::{policy, status::TopologyStatus};

use super::{
    ManagementClient, Snapshot, chain,
    deletion::{self, DeletionInput, DeletionStep},
    desired::{Desired, HeldQueue},
    diff,
    losses::losses,
    shared_read::SharedRead,
    sync::{self, Synced},
};
use crate::{
    dereference::BrokerAccess,
    topology::{
        BrokerError, BrokerId, BroughtAbout, Claimant, DEPTHS_AGE, Depths, EmptySince, Held, Mode, Preview, QueueSight,
        Removal, Sight, Situation, Topology, Wanted,
    },
};

/// How old what is known of a broker's objects may be: what was changed by hand is back within this.
pub const SNAPSHOT_AGE: Duration = Duration::from_secs(60);

/// One virtual host of one broker, as one user sees it.
#[derive(Debug)]
pub struct Broker {
    client: ManagementClient,
    vhost: String,
    snapshot: SharedRead<Snapshot>,
    depths: SharedRead<Depths>,
}

impl Broker {
    /// Reads nothing yet.
    pub fn new(access: &BrokerAccess) -> Result<Self, BrokerError> {
        let client = ManagementClient::new(access)?;
        let (snapshot, depths) = (SharedRead::default(), SharedRead::default());
        Ok(Self { client, vhost: access.vhost.clone(), snapshot, depths })
    }

    /// For writes.
    pub fn client(&self) -> &ManagementClient {
        &self.client
    }

    /// The broker's objects as they were at `newer_than` or later.
    pub async fn snapshot(&self, newer_than: Instant) -> Result<Arc<Snapshot>, BrokerError> {
        self.snapshot.get(newer_than, self.client.read()).await
    }

    /// The depths of all queues, not older than `age`.
    pub async fn depths(&self, age: Duration) -> Result<Arc<Depths>, BrokerError> {
        let now = Instant::now();
        self.depths.get(now.checked_sub(age).unwrap_or(now), self.client.read_depths()).await
    }

    fn id(&self, seen: &Snapshot) -> BrokerId {
        BrokerId(format!("{} {}", seen.cluster_id, self.vhost))
    }
}

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
        // The snapshot ends here: hundreds of callers wait for a turn to apply children, and each would keep one alive.
        let Synced { changes, findings, seen: _ } = synced;
        Ok(BroughtAbout {
            writes: changes.iter().map(super::Change::to_write).collect(),
            findings: findings.iter().map(super::Finding::to_finding).collect(),
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
            writes: difference.changes.iter().map(super::Change::to_write).collect(),
            findings: difference.findings.iter().map(super::Finding::to_finding).collect(),
        })
    }

    async fn chain(&self, wanted: &Wanted<'_>) -> Result<Vec<Sight>, BrokerError> {
        let seen = self.snapshot(Instant::now()).await?;
        // Rates are worth a word and no failure.
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
                    tracing::info!(resource = %claimant.id, %change, "wrote to the broker for a deletion");
                    sync::carry_out(&self.client, &change).await?;
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
        self.client.delete_exchange_if_unused(name).await
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
