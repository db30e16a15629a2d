//! What runs for one resource.

use std::sync::Arc;

use hoopoe_web::Readiness;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::broker::{Publisher, Queue};

/// What runs for one resource.
pub(super) enum Worker {
    /// An ingest; its route is the ports' business.
    Producer {
        /// What it publishes with.
        publisher: Arc<dyn Publisher>,
        /// Where it listens.
        url: String,
    },
    /// A consumer.
    Consumer {
        /// Ends it.
        stop: CancellationToken,
        /// It.
        task: JoinHandle<()>,
        /// What it drains.
        queue: Arc<dyn Queue>,
        /// Where its inbox API listens.
        api: Option<String>,
    },
    /// `lifecycle: Stopped`, or `replicas: 0`.
    Stopped {
        /// Where its inbox API listens.
        api: Option<String>,
    },
}

impl Worker {
    /// Where it listens.
    pub(super) fn url(&self) -> Option<&str> {
        match self {
            Self::Producer { publisher: _, url } => Some(url),
            Self::Consumer { stop: _, task: _, queue: _, api } | Self::Stopped { api } => api.as_deref(),
        }
    }

    /// Lets the process's health show it.
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

    /// Ends it, once what it has in hand is done.
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
