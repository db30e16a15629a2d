//! One connection of a plain AMQP client: it publishes with confirms and `mandatory`, and uses no code of the room
//! `broker`, so that it proves the wire and not our own client.

use std::{collections::HashSet, time::Duration};

use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    runtime::default_runtime,
    tcp::OwnedTLSConfig,
};
use tokio::time::timeout;

use super::plan::AmqpPlan;

/// How long connecting and opening a channel may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a confirm may take. Without it lapin would wait for ever when a server shuts down.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(5);

/// An open channel in confirm mode, and its connection.
pub struct AmqpLink {
    _connection: Connection,
    channel: Channel,
}

/// A message to publish.
pub struct Letter {
    /// Its number in the book.
    pub n: u64,
    /// Its `message_id`.
    pub id: String,
    /// Its body, JSON.
    pub body: Vec<u8>,
}

/// What became of a group of messages.
#[derive(Debug, Default)]
pub struct Settled {
    /// The messages that were confirmed and not returned.
    pub accepted: Vec<u64>,
    /// The messages to send again: returned, refused, or without an answer.
    pub again: Vec<u64>,
    /// Why the last of those failed.
    pub trouble: Option<String>,
    /// Whether the link must be opened anew.
    pub broken: bool,
}

impl AmqpLink {
    /// Connects and opens the channel.
    pub async fn open(plan: &AmqpPlan) -> Result<Self, String> {
        let tls = OwnedTLSConfig { identity: None, cert_chain: plan.authorities.clone() };
        let properties = ConnectionProperties::default().with_connection_name("hoopoe ledger".into());
        let opening = async {
            let runtime = default_runtime()?;
            let connection = Connection::connect_with_config(&plan.url, properties, tls, runtime).await?;
            let channel = connection.create_channel().await?;
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            Ok(Self { _connection: connection, channel })
        };
        let opened: Result<Result<Self, lapin::Error>, _> = timeout(CONNECT_TIMEOUT, opening).await;
        opened.map_err(|_| "the broker did not answer".to_owned())?.map_err(|error| error.to_string())
    }

    /// Publishes a group and waits for all of its confirms. Only the `message_id` tells which message was returned,
    /// because lapin hands a returned message to the confirm of the group that resolves next.
    pub async fn publish(&self, plan: &AmqpPlan, group: Vec<Letter>) -> Settled {
        let mut settled = Settled::default();
        let (mut waiting, mut returned) = (Vec::with_capacity(group.len()), HashSet::new());
        for letter in group {
            let published = self.channel.basic_publish(
                plan.exchange.as_str().into(),
                plan.routing_key.as_str().into(),
                BasicPublishOptions { mandatory: true, immediate: false },
                &letter.body,
                BasicProperties::default()
                    .with_message_id(letter.id.as_str().into())
                    .with_content_type("application/json".into())
                    .with_delivery_mode(2),
            );
            match timeout(CONFIRM_TIMEOUT, published).await {
                Ok(Ok(confirm)) => waiting.push((letter, confirm)),
                Ok(Err(error)) => settled.broke(letter.n, error.to_string()),
                Err(_) => settled.broke(letter.n, "the broker accepts no data".to_owned()),
            }
        }
        let mut acknowledged = Vec::with_capacity(waiting.len());
        for (letter, confirm) in waiting {
            match timeout(CONFIRM_TIMEOUT, confirm).await {
                Ok(Ok(Confirmation::Ack(message))) => {
                    returned.extend(message.and_then(|message| message.delivery.properties.message_id().clone()));
                    acknowledged.push(letter);
                }
                Ok(Ok(Confirmation::Nack(message))) => {
                    returned.extend(message.and_then(|message| message.delivery.properties.message_id().clone()));
                    settled.again.push(letter.n);
                    settled.trouble = Some("the broker refused the message; a queue may be full".to_owned());
                }
                Ok(Ok(Confirmation::NotRequested)) => settled.broke(letter.n, "the broker sent no confirm".to_owned()),
                Ok(Err(error)) => settled.broke(letter.n, error.to_string()),
                Err(_) => settled.broke(letter.n, "the broker sent no confirm in time".to_owned()),
            }
        }
        for letter in acknowledged {
            if returned.contains(letter.id.as_str()) {
                settled.again.push(letter.n);
                settled.trouble = Some(format!("no queue is bound for the routing key {}", plan.routing_key));
            } else {
                settled.accepted.push(letter.n);
            }
        }
        settled
    }
}

impl Settled {
    fn broke(&mut self, n: u64, trouble: String) {
        self.again.push(n);
        self.trouble = Some(trouble);
        self.broken = true;
    }
}
