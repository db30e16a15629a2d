//! The management API of a RabbitMQ, shared by every resource on one virtual host: a fixed number of list reads, however many resources.

mod client;
mod connection;
mod depths;
mod error;
mod registry;
mod snapshot;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

pub use client::ManagementClient;
pub use depths::{Depths, QueueDepth};
pub use error::BrokerError;
pub use registry::Brokers;
pub use snapshot::{Binding, Exchange, Policy, Queue, Snapshot};

use crate::dereference::BrokerAccess;

/// How old what is known of a broker's objects may be: what was changed by hand is back within this.
pub const SNAPSHOT_AGE: Duration = Duration::from_secs(60);
/// How old the depths of queues may be.
pub const DEPTHS_AGE: Duration = Duration::from_secs(5);
/// Between two reads of one kind: a hundred resources that each wrote something wait for one read together.
const PAUSE: Duration = Duration::from_secs(1);

/// One virtual host of one broker, as one user sees it.
#[derive(Debug)]
pub struct Broker {
    client: ManagementClient,
    snapshot: Mutex<Option<(Instant, Arc<Snapshot>)>>,
    depths: Mutex<Option<(Instant, Arc<Depths>)>>,
}

impl Broker {
    /// Reads nothing yet.
    pub fn new(access: &BrokerAccess) -> Result<Self, BrokerError> {
        Ok(Self { client: ManagementClient::new(access)?, snapshot: Mutex::default(), depths: Mutex::default() })
    }

    /// For writes.
    pub fn client(&self) -> &ManagementClient {
        &self.client
    }

    /// The broker's objects as they were at `newer_than` or later. Whoever asks while a read is under way waits for it, and reads only if
    /// that one began too early.
    pub async fn snapshot(&self, newer_than: Instant) -> Result<Arc<Snapshot>, BrokerError> {
        let mut known = self.snapshot.lock().await;
        if let Some((at, snapshot)) = &*known {
            if *at >= newer_than {
                return Ok(snapshot.clone());
            }
            tokio::time::sleep_until((*at + PAUSE).into()).await;
        }
        let at = Instant::now();
        let snapshot = Arc::new(self.client.read().await?);
        *known = Some((at, snapshot.clone()));
        Ok(snapshot)
    }

    /// The depths of all queues, not older than `age`.
    pub async fn depths(&self, age: Duration) -> Result<Arc<Depths>, BrokerError> {
        let mut known = self.depths.lock().await;
        if let Some((at, depths)) = &*known
            && at.elapsed() <= age
        {
            return Ok(depths.clone());
        }
        let at = Instant::now();
        let depths = Arc::new(self.client.read_depths().await?);
        *known = Some((at, depths.clone()));
        Ok(depths)
    }
}
