//! What each delivery of a batch becomes: a notification to commit, or a dead letter.

use crate::{
    broker::{DeadLetter, Delivery},
    inbox::Fate,
    notif::{Arrival, Envelope, Notification, from_amqp},
    timestamp::Timestamp,
};

use super::{
    guard::{Pace, Verdict, judge},
    metrics::ConsumerMetrics,
};

/// A batch, sorted.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// What to commit.
    pub(super) notifications: Vec<Notification>,
    /// The deliveries that `notifications` came from, at the same places.
    pub(super) deliveries: Vec<Delivery>,
    /// What can never be stored.
    pub(super) letters: Vec<DeadLetter>,
    /// The tags that were taken, rising.
    pub(super) taken: Vec<u64>,
    /// The lowest delivery count among those taken.
    pub(super) lowest_count: u64,
}

/// The limits that sorting goes by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The largest notification, in bytes.
    pub(super) body_bytes: usize,
    /// From which delivery count a message is a crash loop.
    pub(super) crash_loop: u64,
}

/// Takes apart what is processed together, in order, and what is processed by itself after that: those with fewest deaths first, so
/// that an innocent goes before the one that it died with.
pub(super) fn apart(batch: Vec<Delivery>, pace: Pace, limits: Limits) -> (Vec<Delivery>, Vec<Delivery>) {
    let (mut alone, together): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .partition(|delivery| judge(pace, delivery.delivery_count, limits.crash_loop) == Verdict::ProcessAlone);
    alone.sort_by_key(|delivery| delivery.delivery_count);
    (together, alone)
}

/// Sorts a batch in order.
pub(super) fn sort(batch: Vec<Delivery>, pace: Pace, limits: Limits, metrics: &ConsumerMetrics) -> Sorted {
    let mut sorted = Sorted { lowest_count: u64::MAX, ..Sorted::default() };
    for delivery in batch {
        match judge(pace, delivery.delivery_count, limits.crash_loop) {
            Verdict::DeadLetter => {
                let reason = format!(
                    "{} consumers died or lost their connection while they held this message; the limit is {}",
                    delivery.delivery_count, limits.crash_loop
                );
                sorted.take(&delivery);
                sorted.letters.push(DeadLetter { delivery, class: "crash_loop", reason });
            }
            Verdict::Process | Verdict::ProcessAlone => {
                sorted.take(&delivery);
                sorted.parse(delivery, limits.body_bytes, metrics);
            }
        }
    }
    sorted
}

impl Sorted {
    fn take(&mut self, delivery: &Delivery) {
        self.taken.push(delivery.tag);
        self.lowest_count = self.lowest_count.min(delivery.delivery_count);
    }

    fn parse(&mut self, delivery: Delivery, body_bytes: usize, metrics: &ConsumerMetrics) {
        let arrival = Arrival {
            exchange: &delivery.exchange,
            body_bytes,
            now: Timestamp::now(),
            idempotency_key: None,
            item: None,
        };
        let envelope = Envelope { message_id: delivery.message_id.as_deref(), timestamp: delivery.timestamp };
        match from_amqp(&delivery.body, &arrival, &envelope) {
            Ok(received) => {
                metrics.derived_ids.inc_by(u64::from(received.derived_id));
                metrics.unknown_fields.inc_by(received.unknown_fields as u64);
                self.notifications.push(received.notification);
                self.deliveries.push(delivery);
            }
            Err(error) => {
                let (class, reason) = (error.class(), error.to_string());
                self.letters.push(DeadLetter { delivery, class, reason });
            }
        }
    }

    /// Adds the dead letters that the commit's fates ask for, and puts all letters in the order of their tags.
    pub(super) fn settle(&mut self, fates: &[Fate], metrics: &ConsumerMetrics) {
        for (fate, delivery) in fates.iter().zip(std::mem::take(&mut self.deliveries)) {
            let (class, reason) = match fate {
                Fate::Stored { .. } => {
                    metrics.stored.inc();
                    continue;
                }
                Fate::Repeat => {
                    metrics.repeats.inc();
                    continue;
                }
                Fate::IdConflict => (
                    "id_conflict",
                    "a notification with this owner and id, but other content, is in the store".to_owned(),
                ),
                Fate::Refused(reason) => ("refused", reason.clone()),
            };
            self.letters.push(DeadLetter { delivery, class, reason });
        }
        self.letters.sort_by_key(|letter| letter.delivery.tag);
    }
}
