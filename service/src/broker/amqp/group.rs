//! A channel that publishes groups: all confirms of a group are awaited before the next group begins.

use std::{collections::HashSet, time::Duration};

use bytes::Bytes;
use futures::{StreamExt, stream::FuturesUnordered};
use lapin::{
    BasicProperties, Channel, Confirmation, ExchangeKind,
    message::BasicReturnMessage,
    options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions},
    types::{AMQPValue, FieldTable, ShortString},
};
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    connection::{AmqpLink, CHANNEL_LIMIT, Live},
    fate::{Confirm, fates},
    fault::Fault,
};
use crate::broker::PublishError;

/// The most messages in a group. Groups of 64 on four channels gave 31,000 a second; one window of 1024 gave 28,000.
pub(super) const GROUP: usize = 64;
/// The header that tells which message was returned: a number that is unique in its channel.
const NUMBER: &str = "x-hoopoe-publish";

/// A message ready to be published.
pub(super) struct Parcel {
    /// The exchange; empty for the default exchange.
    pub(super) exchange: ShortString,
    /// Its routing key.
    pub(super) routing_key: ShortString,
    /// Its properties, without the headers.
    pub(super) properties: BasicProperties,
    /// Its headers.
    pub(super) headers: FieldTable,
    /// Its body.
    pub(super) body: Bytes,
}

/// A channel in confirm mode.
pub(super) struct GroupChannel {
    channel: Channel,
    live: Live,
    next: i64,
    usable: bool,
}

impl GroupChannel {
    /// The channel kept in `slot`. It is opened anew if the last one is in doubt or belongs to an earlier connection.
    /// `exchange` is where its messages go.
    pub(super) async fn ready<'a>(
        slot: &'a mut Option<Self>,
        link: &AmqpLink,
        exchange: &ShortString,
        deadline: Instant,
    ) -> Result<&'a mut Self, PublishError> {
        let live = link.live(deadline).await.map_err(|_| PublishError::Unavailable)?;
        if live.is_blocked() {
            return Err(PublishError::Blocked);
        }
        let channel = match slot.take() {
            Some(channel) if channel.is_usable_on(&live) => channel,
            Some(_) | None => Self::open(link, live, exchange).await?,
        };
        Ok(slot.insert(channel))
    }

    /// Do not use the message's deadline, which may be near for other reasons. A broker that opens no channel within
    /// `CHANNEL_LIMIT` is frozen or cut off, so the connection is given up. Heartbeats would notice only after 20 s.
    ///
    /// Ask first whether the exchange exists. A publish to a missing one makes the broker close the channel, and what
    /// lapin sends on it at that moment makes the broker close the whole connection: "expected 'channel.open'", once in
    /// a hundred groups.
    async fn open(link: &AmqpLink, live: Live, exchange: &ShortString) -> Result<Self, PublishError> {
        let open = async {
            let channel = live.connection.create_channel().await?;
            if !exchange.as_str().is_empty() {
                let passive = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
                let kind = ExchangeKind::default();
                channel.exchange_declare(exchange.clone(), kind, passive, FieldTable::default()).await?;
            }
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            lapin::Result::Ok(channel)
        };
        match timeout(CHANNEL_LIMIT, open).await {
            Ok(Ok(channel)) => Ok(Self { channel, live, next: 1, usable: true }),
            Ok(Err(error)) => match Fault::of(&error) {
                Fault::NotFound(_) => Err(PublishError::ExchangeMissing),
                Fault::Refused(_) | Fault::Mismatch(_) | Fault::Gone(_) => Err(PublishError::Unavailable),
            },
            Err(_) if live.is_blocked() => Err(PublishError::Blocked),
            Err(_) => {
                link.report_broken(&live);
                Err(PublishError::Unavailable)
            }
        }
    }

    /// Whether another group may follow on that connection.
    fn is_usable_on(&self, live: &Live) -> bool {
        self.usable && self.live.generation == live.generation && self.channel.status().connected()
    }

    /// Publishes a group with `mandatory`, and returns the fate of each message, in order, by the deadline. `limit` is
    /// the time that a timeout reports. Unless every confirm came, the channel is in doubt: it is closed, and no group
    /// may follow.
    pub(super) async fn publish(
        &mut self,
        parcels: Vec<Parcel>,
        deadline: Instant,
        limit: Duration,
    ) -> Vec<Result<(), PublishError>> {
        let first = self.next;
        let mut confirms = vec![Confirm::Missing; parcels.len()];
        let mut returned = HashSet::new();
        let mut pending: FuturesUnordered<_> = (0..)
            .zip(parcels)
            .map(|(index, parcel)| {
                self.next += 1;
                let number = first + i64::try_from(index).unwrap_or(i64::MAX);
                let channel = self.channel.clone();
                async move { (index, send(&channel, parcel, number).await) }
            })
            .collect();
        let all = async {
            while let Some((index, sent)) = pending.next().await {
                let confirm: &mut Confirm = &mut confirms[index];
                *confirm = match sent {
                    Ok(Confirmation::Ack(message)) => {
                        returned.extend(message.map(|message| number_of(&message)));
                        Confirm::Ack
                    }
                    Ok(Confirmation::Nack(message)) => {
                        returned.extend(message.map(|message| number_of(&message)));
                        Confirm::Nack
                    }
                    Ok(Confirmation::NotRequested) => Confirm::Failed(PublishError::Unavailable),
                    Err(error) => Confirm::Failed(publish_error(&error)),
                };
            }
        };
        // Err: the deadline passed, and the missing confirms stay missing.
        let _ = timeout_at(deadline, all).await;
        drop(pending);
        if !confirms.iter().all(|confirm| matches!(confirm, Confirm::Ack | Confirm::Nack)) {
            self.abandon();
        }
        fates(&confirms, first, &returned, &PublishError::Timeout(limit))
    }

    /// Closes the channel without telling the tasks that wait for it.
    fn abandon(&mut self) {
        self.usable = false;
        let channel = self.channel.clone();
        tokio::spawn(async move {
            let _ = timeout(CHANNEL_LIMIT, channel.close(200, "in doubt".into())).await;
        });
    }
}

async fn send(channel: &Channel, parcel: Parcel, number: i64) -> lapin::Result<Confirmation> {
    let Parcel { exchange, routing_key, properties, mut headers, body } = parcel;
    headers.insert(NUMBER.into(), AMQPValue::LongLongInt(number));
    let options = BasicPublishOptions { mandatory: true, immediate: false };
    channel.basic_publish(exchange, routing_key, options, &body, properties.with_headers(headers)).await?.await
}

/// The number of a returned message. 0, a number that no message has, if it carries none.
fn number_of(message: &BasicReturnMessage) -> i64 {
    let header = message.delivery.properties.headers().as_ref().and_then(|headers| headers.inner().get(NUMBER));
    match header {
        Some(AMQPValue::LongLongInt(number)) => *number,
        _ => 0,
    }
}

fn publish_error(error: &lapin::Error) -> PublishError {
    match Fault::of(error) {
        Fault::NotFound(_) => PublishError::ExchangeMissing,
        Fault::Refused(_) | Fault::Mismatch(_) => PublishError::Nacked,
        Fault::Gone(_) => PublishError::Unavailable,
    }
}
