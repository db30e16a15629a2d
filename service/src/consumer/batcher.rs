//! When the gathered deliveries become one transaction: at a number of deliveries, at a number of bytes, or when the
//! first has waited long enough.

use std::time::Duration;

use tokio::time::Instant;

use crate::broker::Delivery;

/// The most bytes of bodies in one transaction. It bounds a worker's memory, whatever `maxSize` and the bodies are.
const MAX_BYTES: usize = 8 << 20;

/// Gathers the deliveries of one lane, in order.
#[derive(Debug)]
pub(super) struct Batcher {
    max_size: usize,
    linger: Duration,
    held: Vec<Delivery>,
    bytes: usize,
    deadline: Option<Instant>,
}

impl Batcher {
    /// An empty batcher. `max_size` must be at least 1.
    pub(super) fn new(max_size: usize, linger: Duration) -> Self {
        Self { max_size: max_size.max(1), linger, held: Vec::new(), bytes: 0, deadline: None }
    }

    /// Adds a delivery. The first one starts the clock.
    pub(super) fn push(&mut self, delivery: Delivery, now: Instant) {
        if self.held.is_empty() {
            self.deadline = Some(now + self.linger);
        }
        self.bytes += delivery.body.len();
        self.held.push(delivery);
    }

    /// Whether the batch is full, so that there is no reason to wait longer.
    pub(super) fn is_full(&self) -> bool {
        self.held.len() >= self.max_size || self.bytes >= MAX_BYTES
    }

    /// When the first delivery has waited long enough. `None` while the batch is empty.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Takes the whole batch out, in the order of arrival.
    pub(super) fn take(&mut self) -> Vec<Delivery> {
        self.bytes = 0;
        self.deadline = None;
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn delivery(tag: u64, bytes: usize) -> Delivery {
        Delivery {
            tag,
            delivery_count: 0,
            exchange: String::new(),
            routing_key: String::new(),
            message_id: None,
            timestamp: None,
            headers: std::collections::BTreeMap::default(),
            body: Bytes::from(vec![b'x'; bytes]),
        }
    }

    proptest! {
        /// Every delivery comes out once and in order; only the last batch is below all limits; the deadline belongs to
        /// the first delivery.
        #[test]
        fn nothing_is_lost_doubled_or_reordered(
            sizes in prop::collection::vec(0usize..3 << 20, 0..60),
            max in 1usize..20,
        ) {
            let start = Instant::now();
            let mut batcher = Batcher::new(max, Duration::from_millis(5));
            let mut out = Vec::new();
            for (tag, bytes) in sizes.iter().enumerate() {
                let now = start + Duration::from_millis(tag as u64);
                let first = batcher.deadline().is_none();
                batcher.push(delivery(tag as u64, *bytes), now);
                if first {
                    prop_assert_eq!(batcher.deadline(), Some(now + Duration::from_millis(5)));
                }
                if batcher.is_full() {
                    let batch = batcher.take();
                    let total: usize = batch.iter().map(|d| d.body.len()).sum();
                    prop_assert!(batch.len() == max || total >= MAX_BYTES);
                    prop_assert!(batch.len() <= max && total < MAX_BYTES + (3 << 20));
                    out.extend(batch);
                }
            }
            out.extend(batcher.take());
            prop_assert_eq!(batcher.deadline(), None);
            prop_assert_eq!(out.iter().map(|d| d.tag).collect::<Vec<_>>(), (0..sizes.len() as u64).collect::<Vec<_>>());
        }
    }
}
