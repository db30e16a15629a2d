//! The fastest use of lapin: one channel, a window of 1,024 confirms, one acknowledgement for 500 deliveries. It is
//! fast because it keeps no books: it cannot tell which message was returned.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::StreamExt;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties, PublisherConfirm,
    options::{
        BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
        ConfirmSelectOptions, QueuePurgeOptions,
    },
    types::FieldTable,
};
use uuid::Uuid;

const WINDOW: usize = 1024;
const ACK_EVERY: usize = 500;

pub struct RawAmqp {
    connection: Connection,
    publish: Channel,
}

impl RawAmqp {
    pub async fn connect(url: &str) -> Self {
        let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
        let publish = connection.create_channel().await.unwrap();
        publish.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        Self { connection, publish }
    }

    pub async fn channel(&self, prefetch: u16) -> Channel {
        let channel = self.connection.create_channel().await.unwrap();
        channel.basic_qos(prefetch, BasicQosOptions::default()).await.unwrap();
        channel
    }

    /// Publishes all messages to the exchange, and returns the time until the last confirm.
    pub async fn publish(&self, exchange: &str, messages: impl Iterator<Item = (Uuid, Bytes)>) -> Duration {
        let since = Instant::now();
        let mut window: VecDeque<PublisherConfirm> = VecDeque::with_capacity(WINDOW);
        let options = BasicPublishOptions { mandatory: true, immediate: false };
        for (id, body) in messages {
            if window.len() == WINDOW {
                assert!(window.pop_front().unwrap().await.unwrap().is_ack());
            }
            let properties = BasicProperties::default()
                .with_message_id(id.hyphenated().to_string().into())
                .with_content_type("application/json".into())
                .with_delivery_mode(2);
            let sent = self.publish.basic_publish(exchange.into(), "order.shipped".into(), options, &body, properties);
            window.push_back(sent.await.unwrap());
        }
        for confirm in window {
            assert!(confirm.await.unwrap().is_ack());
        }
        since.elapsed()
    }

    /// Takes `count` messages from the queue, and returns how long that took.
    pub async fn consume(&self, queue: &str, messages: usize) -> Duration {
        let channel = self.channel(1000).await;
        let since = Instant::now();
        let mut consumer = channel
            .basic_consume(queue.into(), "raw".into(), BasicConsumeOptions::default(), FieldTable::default())
            .await
            .unwrap();
        for number in 1..=messages {
            let delivery = consumer.next().await.unwrap().unwrap();
            if number % ACK_EVERY == 0 || number == messages {
                assert!(delivery.ack(BasicAckOptions { multiple: true }).await.unwrap());
            }
        }
        let took = since.elapsed();
        channel.basic_cancel("raw".into(), BasicCancelOptions::default()).await.unwrap();
        channel.close(200, "done".into()).await.unwrap();
        took
    }

    pub async fn purge(&self, queue: &str) {
        self.publish.queue_purge(queue.into(), QueuePurgeOptions::default()).await.unwrap();
    }
}
