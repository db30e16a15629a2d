//! Declares what workers publish to and consume from, for `hoopoe dev` and register. In a cluster the operator does
//! this.

use async_trait::async_trait;
use hoopoe_crds::worker_config::{ConsumerConfig, ExchangeConfig};

/// Declares exchanges. Idempotent.
#[async_trait]
pub trait Topology: Send + Sync + 'static {
    /// Declares the exchange.
    async fn declare_exchange(&self, exchange: &ExchangeConfig) -> Result<(), TopologyError>;
}

/// Declares queues and their bindings as well. Idempotent.
#[async_trait]
pub trait QueueTopology: Topology {
    /// Declares the queue, its dead-letter queue, the policy and the bindings. After [`TopologyError::ExchangeMissing`]
    /// the queue is declared; call again once the exchange exists.
    async fn declare_queue(&self, consumer: &ConsumerConfig) -> Result<(), TopologyError>;

    /// Removes the queue's bindings, and the queue if it is empty. Returns whether the queue was removed.
    async fn remove_queue(&self, queue: &str) -> Result<bool, TopologyError>;
}

/// Why a declaration failed.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// There is no connection.
    #[error("failed to reach the broker: {0}")]
    Unavailable(String),
    /// A binding names an exchange that does not exist yet.
    #[error("failed to bind: the exchange {0} does not exist")]
    ExchangeMissing(String),
    /// It exists already, with other arguments.
    #[error("failed to declare {what}: it exists with other arguments ({detail})")]
    Mismatch {
        /// `queue NAME` or `exchange NAME`.
        what: String,
        /// What the broker said.
        detail: String,
    },
    /// The broker refused it for another reason.
    #[error("the broker refused {what}: {detail}")]
    Refused {
        /// What was declared.
        what: String,
        /// What the broker said.
        detail: String,
    },
}
