//! Passes the wake-ups on to the process's heads and followers.

use std::{sync::Arc, time::Instant};

use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{followers::Followers, heads::Heads};
use crate::cache::Wakeup;

/// Marks the heads that changed, and drops all heads if changes may have been missed. Runs until the cache is gone.
/// Followers are told afterwards, so that they do not find an old head.
pub(super) async fn listen(heads: Arc<Heads>, followers: Arc<Followers>, mut wakeups: Receiver<Wakeup>) {
    loop {
        match wakeups.recv().await {
            Ok(Wakeup::Changed(owner, position)) => {
                heads.mark(&owner, position);
                followers.changed(&owner, position, Instant::now());
            }
            Ok(Wakeup::Lost) | Err(RecvError::Lagged(_)) => {
                heads.clear();
                followers.missed();
            }
            Err(RecvError::Closed) => {
                heads.clear();
                followers.missed();
                return;
            }
        }
    }
}
