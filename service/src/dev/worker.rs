//! The running parts of one resource.

use std::sync::Arc;

use hoopoe_web::Readiness;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::broker::{Publisher, Queue};

/// The running parts of one resource.
pub(super) enum Worker {
    /// A producer. Its route is served by the ports.
    Producer {
        /// The publisher.
        publisher: Arc<dyn Publisher>,
        /// The port that it listens on.
        url: String,
    },
    /// A consumer.
    Consumer {
        /// Cancelled to end the consumer.
        stop: CancellationToken,
        /// The task of the consumer.
        task: JoinHandle<()>,
        /// The queue that it drains.
        queue: Arc<dyn Queue>,
        /// The port of its inbox API.
        api: Option<String>,
    },
    /// A consumer that does not drain: `lifecycle: Stopped`, or `replicas: 0`.
    Stopped {
        /// The port of its inbox API.
        api: Option<String>,
    },
}

impl Worker {
    /// The port that it listens on.
    pub(super) fn url(&self) -> Option<&str> {
        match self {
            Self::Producer { publisher: _, url } => Some(url),
            Self::Consumer { stop: _, task: _, queue: _, api } | Self::Stopped { api } => api.as_deref(),
        }
    }

    /// Adds its state to the process's health.
    pub(super) fn watch(&self, name: &str, readiness: &Readiness) {
        match self {
            Self::Producer { publisher, url: _ } => {
                let publisher = Arc::clone(publisher);
                readiness.add(&format!("producer {name}"), true, move || publisher.is_connected());
            }
            Self::Consumer { stop: _, task: _, queue, api: _ } => {
                let queue = Arc::clone(queue);
                readiness.add(&format!("consumer {name}"), false, move || queue.is_connected());
            }
            Self::Stopped { api: _ } => {}
        }
    }

    /// Ends it, once the work in hand is done.
    pub(super) async fn stop(self, name: &str, readiness: &Readiness) {
        match self {
            Self::Producer { publisher, url: _ } => {
                readiness.remove(&format!("producer {name}"));
                publisher.close().await;
            }
            Self::Consumer { stop, task, queue: _, api: _ } => {
                readiness.remove(&format!("consumer {name}"));
                stop.cancel();
                if task.await.is_err() {
                    error!("the consumer {name} ended by a panic");
                }
            }
            Self::Stopped { api: _ } => {}
        }
    }
}
