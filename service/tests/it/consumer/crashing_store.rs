//! A store that dies with its process when a batch holds the culprit, like a worker that crashes on a message.

use std::sync::Arc;

use async_trait::async_trait;
use hoopoe::notif::Notification;
use tokio::sync::Notify;

use crate::inbox::hooked_store::{HookedStore, StoreHooks};

pub const CULPRIT: &str = "culprit";

pub type CrashingStore = HookedStore<Crashes>;

pub struct Crashes {
    pub crashed: Arc<Notify>,
}

#[async_trait]
impl StoreHooks for Crashes {
    async fn before_commit(&self, batch: &[Notification]) {
        if batch.iter().any(|notification| notification.content.kind == CULPRIT) {
            self.crashed.notify_one();
            std::future::pending::<()>().await;
        }
    }
}
