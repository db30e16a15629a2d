//! Takes the wake-ups to the process's heads.

use std::sync::Arc;

use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::heads::Heads;
use crate::cache::Wakeup;

/// Marks heads that changed, and drops all of them where changes may have been missed; until the cache is gone.
pub(super) async fn listen(heads: Arc<Heads>, mut wakeups: Receiver<Wakeup>) {
    loop {
        match wakeups.recv().await {
            Ok(Wakeup::Changed(owner, position)) => heads.mark(&owner, position),
            Ok(Wakeup::Lost) | Err(RecvError::Lagged(_)) => heads.clear(),
            Err(RecvError::Closed) => return heads.clear(),
        }
    }
}
