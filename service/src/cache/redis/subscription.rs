//! The connection that receives the wake-ups.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::StreamExt;
use redis::{Msg, aio::PubSub};
use tokio::{sync::broadcast, time::timeout};

use super::{
    backoff::Backoff,
    dial::Dialer,
    hearing::{DEAF_AFTER, Hearing},
    keys::{Keys, PARTITIONS},
    link::RedisLink,
    wake,
};
use crate::cache::Wakeup;

/// How often the subscription checks whether our tick was received.
const LOOK: Duration = Duration::from_millis(250);

/// What the subscription needs.
pub(super) struct Subscription {
    pub(super) dialer: Arc<Dialer>,
    pub(super) keys: Keys,
    pub(super) link: Arc<RedisLink>,
    pub(super) hearing: Arc<Hearing>,
    pub(super) wakeups: broadcast::Sender<Wakeup>,
}

impl Subscription {
    /// Listens, for ever.
    pub(super) async fn listen(self) {
        let mut backoff = Backoff::new();
        loop {
            // Err: the server cannot be reached. The connection for commands logs why.
            if let Ok(pubsub) = self.subscribe().await {
                backoff = Backoff::new();
                // Do not wait a second here: until the tick is received, every poll goes to the cache.
                self.link.nudge();
                self.hear(pubsub).await;
                self.hearing.lost();
                self.tell(Wakeup::Lost);
            }
            backoff.wait().await;
        }
    }

    async fn subscribe(&self) -> redis::RedisResult<PubSub> {
        let mut pubsub = self.dialer.subscriptions().await?;
        let mut channels: Vec<String> = (0..PARTITIONS).map(|partition| self.keys.wake(partition)).collect();
        channels.push(self.keys.own_tick().to_owned());
        let subscribed = timeout(DEAF_AFTER, pubsub.subscribe(channels)).await;
        subscribed.unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))?;
        Ok(pubsub)
    }

    /// Returns when the connection ends, or when our own tick is not received. In the second case the two connections
    /// may lead to two servers.
    async fn hear(&self, mut pubsub: PubSub) {
        let mut messages = pubsub.on_message();
        let mut heard = Instant::now();
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                biased;
                message = messages.next() => match message {
                    Some(message) if message.get_channel_name() == self.keys.own_tick() => {
                        heard = Instant::now();
                        if self.hearing.heard(heard) {
                            self.tell(Wakeup::Lost);
                        }
                    }
                    Some(message) => self.wake(&message),
                    None => return,
                },
                _ = look.tick() => if heard.elapsed() > DEAF_AFTER { return },
            }
        }
    }

    fn wake(&self, message: &Msg) {
        match wake::parse(message.get_payload_bytes()) {
            Some(changes) => {
                for (owner, position) in changes {
                    self.tell(Wakeup::Changed(owner, position));
                }
            }
            // A message of another version: its owners cannot be known.
            None => self.tell(Wakeup::Lost),
        }
    }

    fn tell(&self, wakeup: Wakeup) {
        // Err: this process has no listener.
        let _ = self.wakeups.send(wakeup);
    }
}
