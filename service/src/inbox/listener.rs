//! Takes the wake-ups to the process's heads and followers.

use std::{sync::Arc, time::Instant};

use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{followers::Followers, heads::Heads};
use crate::cache::Wakeup;

/// Marks heads that changed, and drops all of them where changes may have been missed; until the cache is gone.
/// Followers are told after that, so that they look past what is marked or dropped.
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
