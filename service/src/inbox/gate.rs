//! Limits how many reads are at the database at once.

use std::time::Duration;

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use super::ReadError;

/// While Redis cannot be reached, every poll needs the database. The gate limits how many polls ask it at once, and how
/// long a poll waits for its turn.
#[derive(Debug)]
pub(super) struct Gate {
    permits: Semaphore,
    wait: Duration,
}

impl Gate {
    pub(super) fn new(reads: usize, wait: Duration) -> Self {
        Self { permits: Semaphore::new(reads), wait }
    }

    /// A place at the database, or [`ReadError::Overloaded`] after the wait.
    pub(super) async fn enter(&self) -> Result<SemaphorePermit<'_>, ReadError> {
        match timeout(self.wait, self.permits.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            // An error is impossible: the semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(ReadError::Overloaded),
        }
    }
}
