//! Declares exchanges, queues and bindings, and sets policies if the management API answers.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use hoopoe_crds::{
    policy::dead_letters,
    worker_config::{BindingConfig, ConsumerConfig, ExchangeConfig, ExchangeType, QueueConfig, QueueType, TlsConfig},
};
use lapin::{
    Channel, Connection, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions},
    types::{AMQPValue, FieldTable},
};
use tokio::time::timeout;
use tracing::warn;

use super::{
    dial::{Dial, DialError},
    fault::Fault,
    management::Management,
    policy, table,
};
use crate::broker::{QueueTopology, Topology, TopologyError};

/// How long one declaration may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Declares on an AMQP broker. Each call makes a connection of its own, because calls are few and a refused declaration
/// closes its channel.
pub struct AmqpTopology {
    dial: Dial,
    namespace: String,
    management: Option<Management>,
    warned: AtomicBool,
    /// What this process bound, for `remove_queue` when the management API does not list it.
    bound: Mutex<HashMap<String, Vec<BindingConfig>>>,
}

impl AmqpTopology {
    /// `management` is `http://user:password@host:port`; policies are named `hoopoe.<namespace>.<queue>`.
    pub fn new(url: &str, tls: &TlsConfig, management: Option<&str>, namespace: &str) -> Self {
        let vhost = url.parse::<lapin::uri::AMQPUri>().map_or_else(|_| "/".to_owned(), |uri| uri.vhost);
        Self {
            dial: Dial::new(url, tls, "hoopoe declare"),
            namespace: namespace.to_owned(),
            management: management.and_then(|url| Management::new(url, &vhost)),
            warned: AtomicBool::new(false),
            bound: Mutex::default(),
        }
    }

    async fn connect(&self) -> Result<Connection, TopologyError> {
        self.dial.connect().await.map_err(|error| match error {
            DialError::Unreachable(detail) => TopologyError::Unavailable(detail),
            DialError::Refused(detail) => TopologyError::Refused { what: "the connection".to_owned(), detail },
        })
    }

    async fn set_policies(&self, consumer: &ConsumerConfig) {
        for policy in &policy::of_consumer(&self.namespace, consumer) {
            let result = match &self.management {
                Some(management) => management.put_policy(policy).await,
                None => Err("HOOPOE_AMQP_MANAGEMENT_URL is not set".to_owned()),
            };
            if let Err(detail) = result
                && !self.warned.swap(true, Ordering::Relaxed)
            {
                warn!(
                    detail,
                    "failed to set the queue's policy: the broker's default limits and dead-letter rules apply"
                );
            }
        }
    }

    fn remember(&self, queue: &str, binding: &BindingConfig) {
        let mut bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        let bindings = bound.entry(queue.to_owned()).or_default();
        if !bindings.contains(binding) {
            bindings.push(binding.clone());
        }
    }

    async fn bindings(&self, queue: &str) -> Vec<BindingConfig> {
        let bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner).remove(queue).unwrap_or_default();
        let listed = match &self.management {
            Some(management) => management.bindings(queue).await.unwrap_or_default(),
            None => Vec::new(),
        };
        let listed = listed.into_iter().map(|listed| BindingConfig {
            exchange: listed.source,
            routing_key: listed.routing_key,
            arguments: listed.arguments,
        });
        let mut all: Vec<_> = listed.collect();
        all.extend(bound.into_iter().filter(|binding| !all.contains(binding)).collect::<Vec<_>>());
        all
    }
}

#[async_trait]
impl Topology for AmqpTopology {
    async fn declare_exchange(&self, exchange: &ExchangeConfig) -> Result<(), TopologyError> {
        let connection = self.connect().await?;
        let what = format!("exchange {}", exchange.name);
        let result = limited(declare_exchange(&connection, exchange), &what).await;
        say_goodbye(&connection).await;
        result
    }
}

#[async_trait]
impl QueueTopology for AmqpTopology {
    async fn declare_queue(&self, consumer: &ConsumerConfig) -> Result<(), TopologyError> {
        let connection = self.connect().await?;
        let QueueConfig { name, kind, max_priority, policy: _ } = &consumer.queue;
        let what = format!("queue {name}");
        let declare = async {
            // The dead-letter queue comes first, then the queue whose messages go there.
            declare(&connection, &dead_letters(name), QueueType::Quorum, None).await?;
            declare(&connection, name, *kind, *max_priority).await?;
            self.set_policies(consumer).await;
            for binding in &consumer.bindings {
                bind(&connection, name, binding).await?;
                self.remember(name, binding);
            }
            Ok(())
        };
        let result = limited(declare, &what).await;
        say_goodbye(&connection).await;
        result
    }

    async fn remove_queue(&self, queue: &str) -> Result<bool, TopologyError> {
        let connection = self.connect().await?;
        let what = format!("queue {queue}");
        let bindings = self.bindings(queue).await;
        let remove = async {
            for binding in &bindings {
                unbind(&connection, queue, binding).await?;
            }
            let removed = delete_if_empty(&connection, queue).await?;
            if removed {
                let dead_letters = dead_letters(queue);
                let dead_letters_removed = delete_if_empty(&connection, &dead_letters).await?;
                if let Some(management) = &self.management {
                    // A policy that stays behind does no harm, and another process may be declaring the queue again
                    // with it.
                    let _ = management.delete_policy(&policy::name(&self.namespace, queue)).await;
                    if dead_letters_removed {
                        let _ = management.delete_policy(&policy::name(&self.namespace, &dead_letters)).await;
                    }
                }
            }
            Ok(removed)
        };
        let result = limited(remove, &what).await;
        say_goodbye(&connection).await;
        result
    }
}

async fn limited<T>(work: impl Future<Output = Result<T, TopologyError>>, what: &str) -> Result<T, TopologyError> {
    let late = || TopologyError::Unavailable(format!("the broker did not answer within {LIMIT:?} ({what})"));
    timeout(LIMIT, work).await.unwrap_or_else(|_| Err(late()))
}

async fn say_goodbye(connection: &Connection) {
    let _ = timeout(Duration::from_secs(2), connection.close(200, "OK".into())).await;
}

async fn declare_exchange(connection: &Connection, exchange: &ExchangeConfig) -> Result<(), TopologyError> {
    let ExchangeConfig { name, kind } = exchange;
    let kind = match kind {
        ExchangeType::Topic => ExchangeKind::Topic,
        ExchangeType::Direct => ExchangeKind::Direct,
        ExchangeType::Fanout => ExchangeKind::Fanout,
        ExchangeType::Headers => ExchangeKind::Headers,
    };
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    let what = format!("exchange {name}");
    let channel = channel(connection, &what).await?;
    let declared = channel.exchange_declare(table::short(name), kind, options, FieldTable::default()).await;
    declared.map_err(|error| declare_error(&error, &what))
}

async fn declare(
    connection: &Connection,
    queue: &str,
    kind: QueueType,
    max_priority: Option<u8>,
) -> Result<(), TopologyError> {
    let mut arguments = FieldTable::default();
    match kind {
        QueueType::Quorum => {
            arguments.insert("x-queue-type".into(), table::text("quorum"));
        }
        QueueType::Classic => {
            arguments.insert("x-queue-type".into(), table::text("classic"));
            // Quorum queues have no such argument: the broker refuses it.
            if let Some(levels) = max_priority {
                arguments.insert("x-max-priority".into(), AMQPValue::LongInt(i32::from(levels)));
            }
        }
    }
    let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    let what = format!("queue {queue}");
    let channel = channel(connection, &what).await?;
    let declared = channel.queue_declare(table::short(queue), options, arguments).await;
    declared.map(drop).map_err(|error| declare_error(&error, &what))
}

async fn bind(connection: &Connection, queue: &str, binding: &BindingConfig) -> Result<(), TopologyError> {
    let BindingConfig { exchange, routing_key, arguments } = binding;
    let what = format!("the binding of queue {queue} to exchange {exchange}");
    let channel = channel(connection, &what).await?;
    let (options, arguments) = (QueueBindOptions::default(), table::of_json(arguments));
    let bound =
        channel.queue_bind(table::short(queue), table::short(exchange), table::short(routing_key), options, arguments);
    bound.await.map_err(|error| match Fault::of(&error) {
        Fault::NotFound(detail) if detail.contains("no exchange") => TopologyError::ExchangeMissing(exchange.clone()),
        _ => declare_error(&error, &what),
    })
}

async fn unbind(connection: &Connection, queue: &str, binding: &BindingConfig) -> Result<(), TopologyError> {
    let BindingConfig { exchange, routing_key, arguments } = binding;
    let what = format!("the binding of queue {queue} to exchange {exchange}");
    let channel = channel(connection, &what).await?;
    let arguments = table::of_json(arguments);
    let unbound =
        channel.queue_unbind(table::short(queue), table::short(exchange), table::short(routing_key), arguments);
    match unbound.await {
        Ok(()) => Ok(()),
        Err(error) => match Fault::of(&error) {
            Fault::NotFound(_) => Ok(()),
            Fault::Refused(_) | Fault::Mismatch(_) | Fault::Gone(_) => Err(declare_error(&error, &what)),
        },
    }
}

/// Quorum queues have no `if-empty`, so the count is read first. Returns whether the queue is gone.
async fn delete_if_empty(connection: &Connection, queue: &str) -> Result<bool, TopologyError> {
    let what = format!("queue {queue}");
    let channel = channel(connection, &what).await?;
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    let counted = channel.queue_declare(table::short(queue), options, FieldTable::default()).await;
    let count = match counted {
        Ok(queue) => queue.message_count(),
        Err(error) => {
            return match Fault::of(&error) {
                Fault::NotFound(_) => Ok(true),
                Fault::Refused(_) | Fault::Mismatch(_) | Fault::Gone(_) => Err(declare_error(&error, &what)),
            };
        }
    };
    if count > 0 {
        return Ok(false);
    }
    let deleted = channel.queue_delete(table::short(queue), QueueDeleteOptions::default()).await;
    deleted.map(|_| true).map_err(|error| declare_error(&error, &what))
}

async fn channel(connection: &Connection, what: &str) -> Result<Channel, TopologyError> {
    connection.create_channel().await.map_err(|error| declare_error(&error, what))
}

fn declare_error(error: &lapin::Error, what: &str) -> TopologyError {
    let what = what.to_owned();
    match Fault::of(error) {
        Fault::Mismatch(detail) => TopologyError::Mismatch { what, detail },
        Fault::NotFound(detail) | Fault::Refused(detail) => TopologyError::Refused { what, detail },
        Fault::Gone(detail) => TopologyError::Unavailable(detail),
    }
}
