//! The one place that chooses a broker.

use std::{path::Path, sync::Arc, time::Duration};

use hoopoe_crds::worker_config::{PublishConfig, TlsConfig};

use super::{
    amqp::{AmqpPublisher, AmqpQueue, AmqpTopology},
    embedded::{EmbeddedBroker, EmbeddedBrokerError},
    log::Publisher,
    metrics::BrokerMetrics,
    queue::Queue,
    topology::QueueTopology,
};

/// How long the confirm of a dead letter may take.
const DEAD_LETTER_TIMEOUT: Duration = Duration::from_secs(5);

/// Which broker, and where it is.
pub enum BrokerAt<'a> {
    /// A RabbitMQ.
    Amqp {
        /// `amqp://…` or `amqps://…`.
        url: &'a str,
        /// Files for TLS.
        tls: &'a TlsConfig,
        /// `http://user:password@host:port` of the management API, where policies are set.
        management: Option<&'a str>,
        /// The namespace in the names of policies.
        namespace: &'a str,
    },
    /// Tables in a SQLite file of this process.
    Embedded(&'a Path),
}

/// Why a broker did not open. A server that cannot be reached is no such error: the connection is retried in the
/// background.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The embedded broker did not open.
    #[error(transparent)]
    Embedded(#[from] EmbeddedBrokerError),
}

/// A broker: the source of its publishers, queues and declarers.
pub struct Broker {
    choice: Choice,
    metrics: BrokerMetrics,
}

enum Choice {
    Amqp(AmqpServer),
    Embedded(EmbeddedBroker),
}

/// How the server is reached. No `Debug`, because the URLs hold passwords.
struct AmqpServer {
    url: String,
    tls: TlsConfig,
    management: Option<String>,
    namespace: String,
}

/// Opens a broker. A connection to a server is made only when something made by the [`Broker`] needs it.
pub async fn open(at: BrokerAt<'_>, metrics: BrokerMetrics) -> Result<Broker, BrokerError> {
    let choice = match at {
        BrokerAt::Amqp { url, tls, management, namespace } => Choice::Amqp(AmqpServer {
            url: url.to_owned(),
            tls: tls.clone(),
            management: management.map(str::to_owned),
            namespace: namespace.to_owned(),
        }),
        BrokerAt::Embedded(path) => Choice::Embedded(EmbeddedBroker::open(path, metrics.clone()).await?),
    };
    Ok(Broker { choice, metrics })
}

impl Broker {
    /// A publisher to one exchange.
    pub fn publisher(&self, exchange: &str, config: &PublishConfig) -> Arc<dyn Publisher> {
        match &self.choice {
            Choice::Amqp(AmqpServer { url, tls, management: _, namespace: _ }) => {
                Arc::new(AmqpPublisher::start(url, tls, exchange, config, self.metrics.clone()))
            }
            Choice::Embedded(broker) => Arc::new(broker.publisher(exchange, config)),
        }
    }

    /// One queue.
    pub fn queue(&self, name: &str) -> Arc<dyn Queue> {
        match &self.choice {
            Choice::Amqp(AmqpServer { url, tls, management: _, namespace: _ }) => {
                Arc::new(AmqpQueue::start(url, tls, name, DEAD_LETTER_TIMEOUT, self.metrics.clone()))
            }
            Choice::Embedded(broker) => Arc::new(broker.queue(name)),
        }
    }

    /// The declarer of exchanges and queues.
    pub fn topology(&self) -> Arc<dyn QueueTopology> {
        match &self.choice {
            Choice::Amqp(AmqpServer { url, tls, management, namespace }) => {
                Arc::new(AmqpTopology::new(url, tls, management.as_deref(), namespace))
            }
            Choice::Embedded(broker) => Arc::new(broker.clone()),
        }
    }

    /// Ends the embedded broker after the requests made before. Publishers and queues of a server are closed one by one
    /// by their users.
    pub async fn close(&self) {
        match &self.choice {
            Choice::Amqp(_) => {}
            Choice::Embedded(broker) => broker.close().await,
        }
    }
}
