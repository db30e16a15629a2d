//! A channel that drains a queue.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use lapin::{
    BasicProperties, Channel, Consumer,
    options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicQosOptions},
    types::{FieldTable, ShortString},
};
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;

use super::{
    connection::{AmqpLink, CHANNEL_LIMIT, Live},
    fault::Fault,
    group::{GROUP, GroupChannel},
    letter, table,
};
use crate::{
    broker::{BrokerMetrics, DeadLetter, Delivery, Lane, LaneError, PublishError, QueueLane},
    timestamp::Timestamp,
};

/// A lane counts as drained when no message came for this long.
const QUIET: Duration = Duration::from_millis(50);
/// The most time for that, for queues to which messages come one by one.
const GATHER: Duration = Duration::from_millis(500);

/// What all lanes of a queue share.
pub(super) struct QueueShared {
    /// The connection that consumes.
    pub(super) consuming: AmqpLink,
    /// The connection that publishes dead letters. It is a second one, because a broker that blocks publishers must not
    /// hold up acknowledgements.
    pub(super) publishing: AmqpLink,
    /// The queue.
    pub(super) queue: String,
    /// How long a dead letter's confirm may take.
    pub(super) publish_limit: Duration,
    /// The instruments.
    pub(super) metrics: BrokerMetrics,
}

/// A channel of its own that consumes.
pub(super) struct AmqpLane {
    shared: Arc<QueueShared>,
    live: Live,
    channel: Channel,
    consumer: Consumer,
    /// How many unacknowledged deliveries the broker lets this channel hold.
    prefetch: usize,
    /// Deliveries received while stopping, and not returned by `next` yet.
    ahead: VecDeque<Delivery>,
    /// The properties of the unacknowledged deliveries, by tag, for dead letters. Tags rise.
    held: VecDeque<(u64, BasicProperties)>,
    /// The channel for dead letters, opened with the first dead letter.
    letters: Option<GroupChannel>,
}

impl AmqpLane {
    /// Opens a channel and consumes.
    pub(super) async fn open(shared: Arc<QueueShared>, live: Live, prefetch: u16) -> Result<Self, LaneError> {
        let queue = shared.queue.as_str();
        let open = async {
            let channel = live.connection.create_channel().await?;
            channel.basic_qos(prefetch, BasicQosOptions { global: false }).await?;
            let tag = table::short(&format!("hoopoe-{}-{}", &queue[..queue.floor_char_boundary(200)], Uuid::new_v4()));
            let options = BasicConsumeOptions::default();
            let consumer = channel.basic_consume(table::short(queue), tag, options, FieldTable::default()).await?;
            Ok((channel, consumer))
        };
        let opened = timeout(CHANNEL_LIMIT, open).await;
        let (channel, consumer) = match opened {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => return Err(lane_error(&error, queue)),
            Err(_) => {
                shared.consuming.report_broken(&live);
                return Err(LaneError::Unavailable(format!("the broker did not answer within {CHANNEL_LIMIT:?}")));
            }
        };
        let prefetch = usize::from(prefetch);
        let (ahead, held) = (VecDeque::new(), VecDeque::new());
        Ok(Self { shared, live, channel, consumer, prefetch, ahead, held, letters: None })
    }

    async fn receive(&mut self) -> Result<Delivery, LaneError> {
        match self.consumer.next().await {
            Some(Ok(message)) => {
                let (delivery, properties) = delivery(message);
                self.held.push_back((delivery.tag, properties));
                Ok(delivery)
            }
            Some(Err(error)) => Err(lane_error(&error, &self.shared.queue)),
            None => {
                Err(LaneError::Unavailable("the broker ended the consumer: the queue was deleted or moved".to_owned()))
            }
        }
    }

    /// Receives the deliveries that the broker has sent already. If the consumer were cancelled earlier, messages on
    /// their way would count as delivered although no code has seen them. Nothing is acknowledged meanwhile, so the
    /// broker sends no more than the prefetch.
    async fn receive_the_rest(&mut self) -> Result<(), LaneError> {
        let latest = Instant::now() + GATHER;
        while self.held.len() < self.prefetch {
            match timeout_at(latest.min(Instant::now() + QUIET), self.receive()).await {
                Ok(delivery) => self.ahead.push_back(delivery?),
                Err(_) => break,
            }
        }
        Ok(())
    }

    async fn ack(&self, tag: u64, multiple: bool) -> Result<(), LaneError> {
        // Do not use the delivery's own acker: it answers `Ok(false)` when it is used up or its channel is gone.
        let ack = self.channel.basic_ack(tag, BasicAckOptions { multiple });
        match timeout(CHANNEL_LIMIT, ack).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(lane_error(&error, &self.shared.queue)),
            Err(_) => {
                self.shared.consuming.report_broken(&self.live);
                Err(LaneError::Unavailable(format!("an acknowledgement was not sent within {CHANNEL_LIMIT:?}")))
            }
        }
    }

    fn held_properties(&self, tag: u64) -> Option<&BasicProperties> {
        let index = self.held.binary_search_by_key(&tag, |(tag, _)| *tag).ok()?;
        self.held.get(index).map(|(_, properties)| properties)
    }
}

#[async_trait]
impl Lane for AmqpLane {
    async fn next(&mut self) -> Result<Delivery, LaneError> {
        match self.ahead.pop_front() {
            Some(delivery) => Ok(delivery),
            None => self.receive().await,
        }
    }

    async fn ack_through(&mut self, tag: u64) -> Result<(), LaneError> {
        if tag == 0 {
            // Tag 0 would acknowledge every delivery, including those not yet seen.
            return Ok(());
        }
        self.ack(tag, true).await?;
        let through = self.held.partition_point(|(held, _)| *held <= tag);
        self.held.drain(..through);
        Ok(())
    }

    async fn stop(&mut self) -> Result<(), LaneError> {
        self.receive_the_rest().await?;
        let cancel = self.channel.basic_cancel(self.consumer.tag(), BasicCancelOptions::default());
        match timeout(CHANNEL_LIMIT, cancel).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(lane_error(&error, &self.shared.queue)),
            Err(_) => {
                self.shared.consuming.report_broken(&self.live);
                Err(LaneError::Unavailable(format!("the broker did not answer within {CHANNEL_LIMIT:?}")))
            }
        }
    }

    async fn close(self: Box<Self>) {
        // A channel that does not close in time is closed with its connection.
        let _ = timeout(CHANNEL_LIMIT, self.channel.close(200, "OK".into())).await;
    }
}

#[async_trait]
impl QueueLane for AmqpLane {
    async fn ack_each(&mut self, tags: &[u64]) -> Result<(), LaneError> {
        for tag in tags {
            self.ack(*tag, false).await?;
        }
        self.held.retain(|(held, _)| tags.binary_search(held).is_err());
        Ok(())
    }

    async fn dead_letter(&mut self, letters: Vec<DeadLetter>) -> Vec<Result<(), PublishError>> {
        let mut fates = Vec::with_capacity(letters.len());
        let limit = self.shared.publish_limit;
        for group in letters.chunks(GROUP) {
            let deadline = Instant::now() + limit;
            let at = Timestamp::now();
            let parcels: Vec<_> = group
                .iter()
                .map(|letter| {
                    let original = self.held_properties(letter.delivery.tag);
                    letter::parcel(letter, original, &self.shared.queue, at)
                })
                .collect();
            let (link, default_exchange) = (&self.shared.publishing, ShortString::default());
            let group_fates = match GroupChannel::ready(&mut self.letters, link, &default_exchange, deadline).await {
                Ok(channel) => channel.publish(parcels, deadline, limit).await,
                Err(error) => vec![Err(error); parcels.len()],
            };
            for fate in &group_fates {
                self.shared.metrics.count_publish(fate);
            }
            fates.extend(group_fates);
        }
        fates
    }
}

fn delivery(message: lapin::message::Delivery) -> (Delivery, BasicProperties) {
    let lapin::message::Delivery { delivery_tag, exchange, routing_key, redelivered, properties, data, acker: _ } =
        message;
    let headers = properties.headers().as_ref();
    let counted = headers
        .and_then(|headers| headers.inner().get("x-delivery-count"))
        .and_then(table::whole_number)
        .and_then(|count| u64::try_from(count).ok());
    let seconds = properties.timestamp().and_then(|seconds| i64::try_from(seconds).ok());
    let delivery = Delivery {
        tag: delivery_tag,
        delivery_count: counted.unwrap_or(0).max(u64::from(redelivered)),
        exchange: exchange.into(),
        routing_key: routing_key.into(),
        message_id: properties.message_id().as_ref().map(ToString::to_string),
        timestamp: seconds.and_then(|seconds| seconds.checked_mul(1_000_000)).map(Timestamp::from_micros),
        headers: headers.map(table::text_headers).unwrap_or_default(),
        body: Bytes::from(data),
    };
    (delivery, properties)
}

/// The lane's error for an error on a channel that consumes.
fn lane_error(error: &lapin::Error, queue: &str) -> LaneError {
    match Fault::of(error) {
        Fault::NotFound(_) => LaneError::QueueMissing(queue.to_owned()),
        Fault::Refused(detail) => LaneError::Refused(detail),
        Fault::Mismatch(detail) | Fault::Gone(detail) => LaneError::Unavailable(detail),
    }
}
