//! The settings of a reader.

use std::time::Duration;

use hoopoe_crds::worker_config::CacheConfig;

/// The settings of a [`Reader`](super::Reader).
#[derive(Clone, Copy, Debug)]
pub struct ReaderOptions {
    /// How many of an owner's newest items are read for a page that is kept, 1–200.
    pub head_items: u32,
    /// The longest time that a head is kept in the process. Heads are right without this limit; it only ends an error
    /// that we did not foresee.
    pub ttl: Duration,
    /// The most bytes of the process's heads. Default 16 MiB.
    pub head_bytes: u64,
    /// The most bytes of the process's pages. Default 48 MiB.
    pub page_bytes: u64,
    /// How many reads may be at the database at once. Default 16.
    pub store_reads: usize,
    /// How long a read waits for its turn. Default 2 s.
    pub store_wait: Duration,
    /// How long a read waits until a replica has reached the state that the caller saw. Default 1 s.
    pub lag_wait: Duration,
    /// How often a follower looks at an inbox while wake-ups are not received, on average. Default 5 s.
    pub deaf_look: Duration,
}

impl ReaderOptions {
    /// The defaults, changed by the config.
    pub fn new(config: &CacheConfig) -> Self {
        Self {
            head_items: config.head_items.max(1),
            ttl: config.ttl.0,
            head_bytes: 16 * 1024 * 1024,
            page_bytes: 48 * 1024 * 1024,
            store_reads: 16,
            store_wait: Duration::from_secs(2),
            lag_wait: Duration::from_secs(1),
            deaf_look: Duration::from_secs(5),
        }
    }
}
