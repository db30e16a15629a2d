//! Announcers for tests: one takes everything, one takes nothing, one records what it was told.

use std::sync::Mutex;

use async_trait::async_trait;
use hoopoe::{
    notif::Owner,
    store::{Announce, Position},
};

pub struct Takes;
pub struct Refuses;

#[derive(Default)]
pub struct Keeps(pub Mutex<Vec<(Owner, Position)>>);

impl Keeps {
    pub fn take(&self) -> Vec<(Owner, Position)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[async_trait]
impl Announce for Takes {
    async fn announce(&self, _: &[(Owner, Position)]) -> bool {
        true
    }
}

#[async_trait]
impl Announce for Refuses {
    async fn announce(&self, _: &[(Owner, Position)]) -> bool {
        false
    }
}

#[async_trait]
impl Announce for Keeps {
    async fn announce(&self, changes: &[(Owner, Position)]) -> bool {
        self.0.lock().unwrap().extend_from_slice(changes);
        true
    }
}
