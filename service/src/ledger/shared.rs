//! What the senders and readers of one run share.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use rand::{RngExt, SeedableRng, rngs::SmallRng};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    book::{Book, Way},
    plan::Plan,
};

/// What the senders and readers of one run share.
#[derive(Debug)]
pub struct RunShared {
    /// What the run does.
    pub plan: Plan,
    /// Cancelled when nothing new is to be sent.
    pub enough: CancellationToken,
    /// Cancelled when nothing is to be sent again.
    pub give_up: CancellationToken,
    /// Cancelled when readers are to stop.
    pub done: CancellationToken,
    /// Attempts beyond the first.
    pub retries: AtomicU64,
    /// Why the last of these attempts was needed.
    pub last_trouble: Mutex<Option<String>>,
    began: Instant,
    book: Mutex<(Book, SmallRng)>,
}

impl RunShared {
    /// A run that begins now.
    pub fn new(plan: Plan, enough: CancellationToken) -> Self {
        let book = Mutex::new((Book::new(plan.numbering), SmallRng::seed_from_u64(plan.seed)));
        let (give_up, done) = (CancellationToken::new(), CancellationToken::new());
        Self {
            plan,
            enough,
            give_up,
            done,
            retries: AtomicU64::new(0),
            last_trouble: Mutex::default(),
            began: Instant::now(),
            book,
        }
    }

    /// When the run began.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// Microseconds since the run began.
    pub fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Calls `act` with the book, under its lock.
    pub fn with_book<T>(&self, act: impl FnOnce(&mut Book) -> T) -> T {
        act(&mut self.lock().0)
    }

    /// Enters the next notification in the book, and returns its number and its owner.
    pub fn enter(&self, way: Way) -> (u64, u32) {
        let (now, mut locked) = (self.now(), self.lock());
        let owner = locked.1.random_range(0..self.plan.owners.max(1));
        (locked.0.enter(owner, way, now), owner)
    }

    /// Counts one more attempt beyond the first, with its reason.
    pub fn retried(&self, why: String) {
        self.retries.fetch_add(1, Ordering::Relaxed);
        *self.last_trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }

    /// A poisoned lock is used all the same: each entry is written in one step, so a panic elsewhere leaves the book
    /// intact.
    fn lock(&self) -> MutexGuard<'_, (Book, SmallRng)> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
