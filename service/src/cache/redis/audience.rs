//! Who listens to the wake-ups in this process. A worker that only writes hears none, and pays for none: a consumer at full rate would
//! parse one for each owner of each batch, twice, and keep 1.2 MB for them.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::{Notify, broadcast};

use crate::cache::{WAKEUPS_KEPT, Wakeup};

/// The listeners, from the first one on.
#[derive(Debug, Default)]
pub(super) struct Audience {
    ring: OnceLock<broadcast::Sender<Wakeup>>,
    wanted: AtomicBool,
    first: Notify,
}

impl Audience {
    /// Somebody asks for wake-ups, or whether they are heard. It is called with every poll: one load.
    pub(super) fn want(&self) {
        if !self.wanted.load(Ordering::Relaxed) && !self.wanted.swap(true, Ordering::SeqCst) {
            self.first.notify_one();
        }
    }

    /// Waits until somebody wants to hear. For one waiter.
    pub(super) async fn wanted(&self) {
        self.first.notified().await;
    }

    /// One more listener.
    pub(super) fn join(&self) -> broadcast::Receiver<Wakeup> {
        self.want();
        self.ring.get_or_init(|| broadcast::channel(WAKEUPS_KEPT).0).subscribe()
    }

    /// Tells all who listen.
    pub(super) fn tell(&self, wakeup: Wakeup) {
        if let Some(ring) = self.ring.get() {
            // Err: nobody listens any more.
            let _ = ring.send(wakeup);
        }
    }
}
