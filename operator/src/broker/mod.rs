//! The management API of a RabbitMQ, shared by every resource on one virtual host: a fixed number of list reads, however many resources.

mod client;
mod connection;
mod depths;
mod error;
mod registry;
mod shared;
mod snapshot;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

pub use client::ManagementClient;
pub use depths::{Depths, QueueDepth};
pub use error::BrokerError;
pub use registry::Brokers;
pub use snapshot::{Binding, Exchange, Policy, Queue, Snapshot};

use self::shared::Shared;
use crate::dereference::BrokerAccess;

/// How old what is known of a broker's objects may be: what was changed by hand is back within this.
pub const SNAPSHOT_AGE: Duration = Duration::from_secs(60);
/// How old the depths of queues may be.
pub const DEPTHS_AGE: Duration = Duration::from_secs(5);

/// One virtual host of one broker, as one user sees it.
#[derive(Debug)]
pub struct Broker {
    client: ManagementClient,
    snapshot: Shared<Snapshot>,
    depths: Shared<Depths>,
}

impl Broker {
    /// Reads nothing yet.
    pub fn new(access: &BrokerAccess) -> Result<Self, BrokerError> {
        Ok(Self { client: ManagementClient::new(access)?, snapshot: Shared::default(), depths: Shared::default() })
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
}
