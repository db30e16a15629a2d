//! Events on the resources. An Event that is repeated within minutes is counted in the first one.

use std::sync::{Mutex, PoisonError};

use k8s_openapi::api::core::v1::ObjectReference;
use kube::{
    Client,
    runtime::events::{Event, Recorder, Reporter},
};

/// The most Events that a recorder remembers. It keeps each for six minutes, so five thousand resources that become
/// ready would take 20 MB.
const REMEMBERED: u16 = 256;

/// Writes Events.
pub struct Events {
    client: Client,
    current: Mutex<(Recorder, u16)>,
}

impl Events {
    /// Writes with this client.
    pub fn new(client: Client) -> Self {
        let current = Mutex::new((recorder(client.clone()), 0));
        Self { client, current }
    }

    /// Writes an Event, or raises the count of an equal one.
    pub async fn publish(&self, event: &Event, about: &ObjectReference) -> kube::Result<()> {
        let recorder = self.recorder();
        recorder.publish(event, about).await
    }

    fn recorder(&self) -> Recorder {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.1 += 1;
        if current.1 > REMEMBERED {
            *current = (recorder(self.client.clone()), 1);
        }
        current.0.clone()
    }
}

fn recorder(client: Client) -> Recorder {
    Recorder::new(client, Reporter { controller: "hoopoe-operator".to_owned(), instance: None })
}
