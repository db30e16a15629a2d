//! Step 3: the objects on a resource's broker. What the resource wants is compared with what is there.
//!
//! This is the seam above the brokers: the controllers, the commands and the status know [`Topology`] and the plain
//! data beside it. Each kind of broker implements the trait: RabbitMQ in [`crate::rabbitmq`]. [`crate::brokers::open`]
//! is the only place that chooses one.

mod claimant;
mod depths;
mod error;
mod finding;
mod removal;
mod wanted;

use std::{
    fmt::Debug,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use hoopoe_crds::status::TopologyStatus;

pub use claimant::Claimant;
pub use depths::{Depths, QueueDepth};
pub use error::BrokerError;
pub use finding::{Finding, Meaning};
pub use removal::{EmptySince, KeptQueue, Removal, Situation};
pub use wanted::{Held, Wanted, WantedQueue};

/// How old the depths of queues may be.
pub const DEPTHS_AGE: Duration = Duration::from_secs(5);

/// A broker on which resources have their objects.
#[async_trait]
pub trait Topology: Debug + Send + Sync {
    /// Makes the objects as a resource wants them. `rivals`: the other consumers of this cluster that want the same
    /// queue of the same broker. `fresh`: read again even if the last read is young, because something changed.
    async fn bring_about(
        &self,
        wanted: &Wanted<'_>,
        rivals: &[Claimant],
        mode: Mode,
        fresh: Option<Instant>,
    ) -> Result<BroughtAbout, BrokerError>;

    /// What [`Self::bring_about`] would do now. Nothing is written.
    async fn preview(&self, wanted: &Wanted<'_>, rivals: &[Claimant]) -> Result<Preview, BrokerError>;

    /// Every object between a sender and the workers, in the order in which a message meets them.
    async fn chain(&self, wanted: &Wanted<'_>) -> Result<Vec<Sight>, BrokerError>;

    /// Runs the next step of removing the queue of a deleted consumer. `empty`: what the earlier steps have seen.
    async fn remove_queue(
        &self,
        held: &Held<'_>,
        situation: Situation,
        empty: &mut EmptySince,
    ) -> Result<Removal, BrokerError>;

    /// Removes an exchange unless something is bound to it; `false`: something is. A missing exchange is no error.
    async fn remove_exchange(&self, name: &str) -> Result<bool, BrokerError>;

    /// The depths of all queues, not older than `age`.
    async fn depths(&self, age: Duration) -> Result<Arc<Depths>, BrokerError>;
}

/// Whether differences are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They are written.
    Write,
    /// They are only reported, for a paused resource.
    ReadOnly,
}

/// What was done, and what was found.
#[derive(Clone, Debug)]
pub struct BroughtAbout {
    /// The writes that were carried out; in [`Mode::ReadOnly`] those that would be.
    pub writes: Vec<BrokerWrite>,
    /// What our writes cannot mend.
    pub findings: Vec<Finding>,
    /// Which broker it is, however it is reached.
    pub broker: BrokerId,
    /// What was seen of the queue; `None`: the resource has none.
    pub queue: Option<QueueSight>,
}

impl BroughtAbout {
    /// Whether another resource holds the queue.
    pub fn is_taken(&self) -> bool {
        self.findings.iter().any(|finding| finding.meaning == Meaning::Taken)
    }
}

/// One write to a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerWrite {
    /// What it is of: `queue`, `exchange`; the label of metrics.
    pub object: &'static str,
    /// What it does, as the rest of a sentence.
    pub what: String,
}

/// One broker, however it is reached: two addresses may lead to the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerId(pub String);

/// What was seen of a consumer's queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSight {
    /// Whether dead letters wait; `None`: their queue does not exist.
    pub dead_letters: Option<bool>,
    /// What is in force on it, for the status; `None`: another resource holds it.
    pub status: Option<TopologyStatus>,
}

/// What a reconcile would do on a broker.
#[derive(Clone, Debug)]
pub struct Preview {
    /// What would be written.
    pub writes: Vec<BrokerWrite>,
    /// What that would lose, a sentence each.
    pub losses: Vec<String>,
    /// What our writes cannot mend.
    pub findings: Vec<Finding>,
}

/// One object on a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// What it is.
    pub what: String,
    /// Whether it is as it should be.
    pub holds: bool,
    /// What was seen, in one line.
    pub detail: String,
}
