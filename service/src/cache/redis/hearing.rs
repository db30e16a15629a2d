//! Whether this process receives the wake-ups.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// If this process does not receive its own tick for this long, wake-ups may have been lost.
pub(super) const DEAF_AFTER: Duration = Duration::from_secs(2);

/// When our own tick was last received. Every poll asks for it, so it costs two atomic loads.
#[derive(Debug)]
pub(super) struct Hearing {
    start: Instant,
    /// Milliseconds from `start` to the last tick, plus 1. 0: no tick yet, or lost since.
    last: AtomicU64,
    /// Rises each time the ticks are received again.
    number: AtomicU64,
}

impl Hearing {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), last: AtomicU64::new(0), number: AtomicU64::new(0) }
    }

    /// A tick was received, and so was everything published before it. Returns whether wake-ups may have been lost
    /// before.
    pub(super) fn heard(&self, now: Instant) -> bool {
        let back = !self.is_fresh(now);
        if back {
            // Set this before `last`: a reader that sees the fresh tick must see the new number too.
            self.number.fetch_add(1, Ordering::SeqCst);
        }
        self.last.store(self.millis(now) + 1, Ordering::SeqCst);
        back
    }

    /// The subscription broke.
    pub(super) fn lost(&self) {
        self.last.store(0, Ordering::SeqCst);
    }

    /// The number of the present unbroken stretch; `None`: ticks are not received. It is computed from the clock and
    /// not kept by a task, so it is right at once even in a process that was frozen for a minute.
    pub(super) fn number(&self, now: Instant) -> Option<u64> {
        self.is_fresh(now).then(|| self.number.load(Ordering::SeqCst))
    }

    fn is_fresh(&self, now: Instant) -> bool {
        let last = self.last.load(Ordering::SeqCst);
        let limit = u64::try_from(DEAF_AFTER.as_millis()).unwrap_or(u64::MAX);
        last > 0 && self.millis(now) < last + limit
    }

    fn millis(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.start).as_millis()).unwrap_or(u64::MAX - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_deaf_until_the_first_tick_and_two_seconds_after_the_last() {
        let hearing = Hearing::new();
        let at = |millis| hearing.start + Duration::from_millis(millis);
        assert_eq!(hearing.number(at(0)), None);
        assert!(hearing.heard(at(0)));
        assert_eq!(hearing.number(at(2000)), Some(1));
        assert_eq!(hearing.number(at(2001)), None);
        assert!(!hearing.heard(at(1500)));
        assert_eq!(hearing.number(at(3500)), Some(1));
        assert!(hearing.heard(at(3501)), "a gap of more than two seconds is another stretch");
        assert_eq!(hearing.number(at(3501)), Some(2));
        hearing.lost();
        assert_eq!(hearing.number(at(3501)), None);
        assert!(hearing.heard(at(3502)));
        assert_eq!(hearing.number(at(3502)), Some(3));
    }
}
