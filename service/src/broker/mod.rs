//! The broker: publishers that wait for confirms, and lanes that drain a queue.
//!
//! The traits say what every log can do ([`Publisher`], [`Lane`], [`Topology`]) and what only a queue can ([`Queue`],
//! [`QueueLane`], [`QueueTopology`]). [`open`] makes one of two implementations: AMQP 0.9.1, and tables in a SQLite
//! file for the embedded default. A new broker gets a folder beside these two and a variant of [`BrokerAt`].

mod amqp;
mod embedded;
mod letter_class;
mod log;
mod metrics;
mod open;
mod queue;
mod reason;
mod topology;

pub use amqp::{AmqpPublisher, AmqpQueue, AmqpTopology};
pub use embedded::{EmbeddedBroker, EmbeddedBrokerError, EmbeddedPublisher, EmbeddedQueue};
pub use letter_class::LetterClass;
pub use log::{Delivery, Lane, LaneError, Outgoing, PublishError, Publisher};
pub use metrics::{BrokerMetrics, ConnectLabels, PublishLabels};
pub use open::{Broker, BrokerAt, BrokerError, open};
pub use queue::{DeadLetter, Queue, QueueLane};
pub use topology::{QueueTopology, Topology, TopologyError};
