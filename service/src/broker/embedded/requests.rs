//! The channel to the task that owns the file.

use tokio::sync::{mpsc, oneshot};

use super::command::{Answer, Command};

/// Sends requests; copies send to the same task.
#[derive(Clone)]
pub(super) struct Requests(pub(super) mpsc::UnboundedSender<Command>);

impl Requests {
    /// Sends a request and waits for the answer. `None`: the task has ended, or failed to commit.
    pub(super) async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        self.send(command(answer));
        answered.await.ok()
    }

    /// Sends a request without waiting for an answer.
    pub(super) fn send(&self, command: Command) {
        // Err: the task has ended. The caller sees that its answer was dropped.
        let _ = self.0.send(command);
    }

    /// Whether the task runs.
    pub(super) fn is_open(&self) -> bool {
        !self.0.is_closed()
    }
}
