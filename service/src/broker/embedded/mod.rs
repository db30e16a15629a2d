//! The broker of `hoopoe dev`: tables in an `SQLite` file, owned by one task.
//!
//! Requests that wait together share a transaction, so that a thousand concurrent publishes cost one sync of the disk.
//! Deliveries are pushed to lanes at each commit, as an AMQP broker does; nothing polls. Which lane holds which message
//! is kept in memory only. After kill -9 all messages are ready again, and their delivery counts are right, because a
//! delivery is counted in the transaction that takes the message.

mod actor;
mod command;
mod declare;
mod deliver;
mod lane;
mod publisher;
mod queue;
mod requests;
mod routing;
mod rows;
mod schema;
mod state;

use std::{fs::File, path::Path, sync::Arc};

use async_trait::async_trait;
use hoopoe_crds::worker_config::{ConsumerConfig, ExchangeConfig, PublishConfig};
use tokio::sync::{Semaphore, mpsc};

use self::{command::Command, requests::Requests, state::BrokerState};
use super::{BrokerMetrics, QueueTopology, Topology, TopologyError};

pub use publisher::EmbeddedPublisher;
pub use queue::EmbeddedQueue;

/// Why the embedded broker did not open.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedBrokerError {
    /// Two processes on one file would deliver every message twice.
    #[error("failed to open the queue file {0}: another process uses it (is another `hoopoe dev` running?)")]
    InUse(String),
    /// The lock beside the file cannot be made.
    #[error("failed to lock the queue at {0}: {1}")]
    Lock(String, std::io::Error),
    /// The file cannot be opened, or was not made by Hoopoe.
    #[error("failed to open the queue: {0}")]
    Open(#[from] sqlx::Error),
}

/// A broker in a file. Clones are the same broker. It ends when the last clone, publisher and queue is dropped.
#[derive(Clone)]
pub struct EmbeddedBroker {
    requests: Requests,
    metrics: BrokerMetrics,
}

impl EmbeddedBroker {
    /// Opens or makes the broker in this `SQLite` file; other tables in it are left alone. One process at a time may
    /// have it open.
    pub async fn open(path: &Path, metrics: BrokerMetrics) -> Result<Self, EmbeddedBrokerError> {
        let lock = lock(path)?;
        let mut db = schema::open(path).await?;
        let state = BrokerState::load(&mut db).await?;
        let (sender, mut receiver) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            actor::run(db, state, &mut receiver).await;
            // Unlock before the receiver is dropped: `close` waits for that, and the file may be opened after it.
            drop(lock);
            drop(receiver);
        });
        Ok(Self { requests: Requests(sender), metrics })
    }

    /// A publisher to one exchange.
    pub fn publisher(&self, exchange: &str, config: &PublishConfig) -> EmbeddedPublisher {
        EmbeddedPublisher {
            requests: self.requests.clone(),
            exchange: exchange.to_owned(),
            config: config.clone(),
            slots: Arc::new(Semaphore::new(config.max_in_flight as usize)),
            metrics: self.metrics.clone(),
        }
    }

    /// One queue.
    pub fn queue(&self, queue: &str) -> EmbeddedQueue {
        EmbeddedQueue { requests: self.requests.clone(), queue: queue.to_owned() }
    }

    /// Ends the broker, after the requests made before.
    pub async fn close(&self) {
        self.requests.ask(|answer| Command::Close { answer }).await;
        self.requests.0.closed().await;
    }
}

fn lock(path: &Path) -> Result<File, EmbeddedBrokerError> {
    let name = path.with_extension("queue-lock");
    let failed = |error| EmbeddedBrokerError::Lock(name.display().to_string(), error);
    let file = File::options().create(true).truncate(false).write(true).open(&name).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(EmbeddedBrokerError::InUse(path.display().to_string())),
        Err(std::fs::TryLockError::Error(error)) => Err(failed(error)),
    }
}

#[async_trait]
impl Topology for EmbeddedBroker {
    async fn declare_exchange(&self, exchange: &ExchangeConfig) -> Result<(), TopologyError> {
        let exchange = exchange.clone();
        let asked = self.requests.ask(|answer| Command::DeclareExchange { exchange, answer });
        asked.await.unwrap_or_else(|| Err(closed()))
    }
}

#[async_trait]
impl QueueTopology for EmbeddedBroker {
    async fn declare_queue(&self, consumer: &ConsumerConfig) -> Result<(), TopologyError> {
        let consumer = Box::new(consumer.clone());
        let asked = self.requests.ask(|answer| Command::DeclareQueue { consumer, answer });
        asked.await.unwrap_or_else(|| Err(closed()))
    }

    async fn remove_queue(&self, queue: &str) -> Result<bool, TopologyError> {
        let queue = queue.to_owned();
        self.requests.ask(|answer| Command::RemoveQueue { queue, answer }).await.unwrap_or_else(|| Err(closed()))
    }
}

fn closed() -> TopologyError {
    TopologyError::Unavailable("the embedded broker is closed, or failed to write".to_owned())
}
