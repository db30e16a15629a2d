//! One virtual host of a RabbitMQ, as one user sees it: its reads, shared by all who ask.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{ManagementClient, Snapshot, shared_read::SharedRead};
use crate::{
    dereference::BrokerAccess,
    topology::{BrokerError, BrokerId, Depths},
};

/// How old our knowledge of a broker's objects may be: a change by hand is undone within this time.
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
    /// Does not read anything yet.
    pub fn new(access: &BrokerAccess) -> Result<Self, BrokerError> {
        let client = ManagementClient::new(access)?;
        let (snapshot, depths) = (SharedRead::default(), SharedRead::default());
        Ok(Self { client, vhost: access.vhost.clone(), snapshot, depths })
    }

    /// The client, for writes.
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

    /// The identity of the broker, whatever address leads to it. `seen`: a read of it.
    pub(super) fn id(&self, seen: &Snapshot) -> BrokerId {
        BrokerId(format!("{} {}", seen.cluster_id, self.vhost))
    }
}
