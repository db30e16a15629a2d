//! How a reader is set up.

use std::time::Duration;

use hoopoe_crds::worker_config::CacheConfig;

/// What a [`Reader`](super::Reader) may use.
#[derive(Clone, Copy, Debug)]
pub struct ReaderOptions {
    /// How many of an owner's newest items are read for a page that is kept, 1–200.
    pub head_items: u32,
    /// How long a head is kept in the process at most. It is right without this limit; an error that we did not foresee
    /// ends with it.
    pub ttl: Duration,
    /// What the process's heads take, in bytes. Default 16 MiB.
    pub head_bytes: u64,
    /// What the process's pages take, in bytes. Default 48 MiB.
    pub page_bytes: u64,
    /// How many reads may be at the database at one moment. Default 16.
    pub store_reads: usize,
    /// How long a read waits for its turn. Default 2 s.
    pub store_wait: Duration,
    /// How long a read waits for a replica to reach what the caller has seen. Default 1 s.
    pub lag_wait: Duration,
    /// How often a follower looks at an inbox while no wake-up is heard, on average. Default 5 s.
    pub deaf_look: Duration,
}

impl ReaderOptions {
    /// The defaults, with what the config says.
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
