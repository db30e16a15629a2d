//! A lane of the embedded broker.

use async_trait::async_trait;
use hoopoe_crds::policy::dead_letters;
use tokio::sync::{mpsc, oneshot};

use super::{
    command::{Command, Tags},
    requests::Requests,
    rows::Draft,
};
use crate::{
    broker::{DeadLetter, Delivery, Lane, LaneError, PublishError, QueueLane, reason},
    timestamp::Timestamp,
};

/// A lane. What it holds is ready again when it is dropped.
pub(super) struct EmbeddedLane {
    pub(super) requests: Requests,
    pub(super) number: u64,
    pub(super) queue: String,
    pub(super) deliveries: mpsc::UnboundedReceiver<Result<Delivery, LaneError>>,
}

#[async_trait]
impl Lane for EmbeddedLane {
    async fn next(&mut self) -> Result<Delivery, LaneError> {
        self.deliveries.recv().await.unwrap_or_else(|| Err(gone()))
    }

    async fn ack_through(&mut self, tag: u64) -> Result<(), LaneError> {
        let lane = self.number;
        self.requests
            .ask(|answer| Command::Ack { lane, tags: Tags::Through(tag), answer })
            .await
            .unwrap_or_else(|| Err(gone()))
    }

    async fn stop(&mut self) -> Result<(), LaneError> {
        let lane = self.number;
        self.requests.ask(|answer| Command::Stop { lane, answer }).await.unwrap_or_else(|| Err(gone()))
    }

    async fn close(self: Box<Self>) {
        let lane = self.number;
        self.requests.ask(|answer| Command::Leave { lane, answer: Some(answer) }).await;
    }
}

#[async_trait]
impl QueueLane for EmbeddedLane {
    async fn ack_each(&mut self, tags: &[u64]) -> Result<(), LaneError> {
        let (lane, tags) = (self.number, tags.to_vec());
        self.requests
            .ask(|answer| Command::Ack { lane, tags: Tags::Each(tags), answer })
            .await
            .unwrap_or_else(|| Err(gone()))
    }

    async fn dead_letter(&mut self, letters: Vec<DeadLetter>) -> Vec<Result<(), PublishError>> {
        let at = Timestamp::now();
        // All are asked before the first is awaited: they share a transaction.
        let asked: Vec<_> = letters
            .into_iter()
            .map(|letter| {
                let draft = draft(letter, &self.queue, at);
                let (answer, fate) = oneshot::channel();
                self.requests.send(Command::Publish { exchange: String::new(), draft, answer });
                fate
            })
            .collect();
        let mut fates = Vec::with_capacity(asked.len());
        for fate in asked {
            fates.push(fate.await.unwrap_or(Err(PublishError::Unavailable)));
        }
        fates
    }
}

impl Drop for EmbeddedLane {
    fn drop(&mut self) {
        self.requests.send(Command::Leave { lane: self.number, answer: None });
    }
}

fn draft(letter: DeadLetter, queue: &str, at: Timestamp) -> Draft {
    let DeadLetter { delivery, class, reason } = letter;
    let Delivery { exchange, routing_key, message_id, timestamp, mut headers, body, tag: _, delivery_count: _ } =
        delivery;
    let why = [
        ("x-hoopoe-class", class.as_str().to_owned()),
        ("x-hoopoe-reason", reason::header(&reason)),
        ("x-hoopoe-queue", queue.to_owned()),
        ("x-hoopoe-at", at.to_string()),
        ("x-hoopoe-exchange", exchange),
        ("x-hoopoe-routing-key", routing_key),
    ];
    headers.extend(why.map(|(name, value)| (name.to_owned(), value)));
    let routing_key = dead_letters(queue);
    Draft { exchange: String::new(), routing_key, message_id, sent_at: timestamp, headers, body }
}

pub(super) fn gone() -> LaneError {
    LaneError::Unavailable("the embedded broker is closed, or failed to write".to_owned())
}
