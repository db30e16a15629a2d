//! The names of keys and channels. Each contains the store's id, because two installations may share a Redis, and
//! pub/sub ignores its database number.

use uuid::Uuid;

use crate::notif::Owner;

/// How many channels the wake-ups are spread over. The number is fixed, because a channel per owner would mean one for
/// every open inbox.
pub(super) const PARTITIONS: u32 = 16;

/// The names that one installation uses.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
    own_tick: String,
}

impl Keys {
    pub(super) fn new(store_id: Uuid) -> Self {
        let prefix = format!("hoopoe:{store_id}");
        let own_tick = format!("{prefix}:tick:{}", Uuid::new_v4());
        Self { prefix, own_tick }
    }

    pub(super) fn head(&self, owner: &Owner) -> String {
        format!("{}:head:{owner}", self.prefix)
    }

    pub(super) fn page(&self, owner: &Owner) -> String {
        format!("{}:page:{owner}", self.prefix)
    }

    pub(super) fn fence(&self) -> String {
        format!("{}:fence", self.prefix)
    }

    pub(super) fn wake(&self, partition: u32) -> String {
        format!("{}:wake:{partition}", self.prefix)
    }

    /// The channel on which this process hears only its own ticks.
    pub(super) fn own_tick(&self) -> &str {
        &self.own_tick
    }
}

/// The channel that carries an owner's wake-ups: by FNV-1a, which is the same in every process and build.
pub(super) fn partition(owner: &Owner) -> u32 {
    let hash =
        owner.as_str().bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash % PARTITIONS
}
