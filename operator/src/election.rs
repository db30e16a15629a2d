//! One of several operators leads: by a Lease.

use kube::Client;
use kube_lease_manager::{LeaseManagerBuilder, LeaseManagerError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Seconds for which a lease holds without being renewed: how long a dead leader's work waits.
const DURATION_SECONDS: u64 = 15;
/// Seconds before its end at which the leader renews it.
const GRACE_SECONDS: u64 = 5;

/// A lease that is tried for.
pub struct Election {
    leads: watch::Receiver<bool>,
    task: tokio::task::JoinHandle<kube_lease_manager::Result<kube_lease_manager::LeaseManager>>,
}

/// Why nobody can be elected.
#[derive(Debug, thiserror::Error)]
pub enum ElectionError {
    /// The Lease cannot be read or made.
    #[error("failed to set up the Lease {namespace}/{name}: {source}")]
    LeaseUnavailable {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: Box<LeaseManagerError>,
    },
}

impl Election {
    /// Tries for the lease from now on. `identity`: this process's, unique among those that try.
    pub async fn start(client: Client, namespace: &str, name: &str, identity: &str) -> Result<Self, ElectionError> {
        let unavailable = |source| ElectionError::LeaseUnavailable {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            source: Box::new(source),
        };
        let manager = LeaseManagerBuilder::new(client, name)
            .with_namespace(namespace)
            .with_identity(identity)
            .with_duration(DURATION_SECONDS)
            .with_grace(GRACE_SECONDS)
            .build()
            .await
            .map_err(unavailable)?;
        let (leads, task) = manager.watch().await;
        Ok(Self { leads, task })
    }

    /// Waits until this process leads; `false`: `stop` came first.
    pub async fn won(&mut self, stop: &CancellationToken) -> bool {
        tokio::select! {
            won = self.leads.wait_for(|leads| *leads) => won.is_ok(),
            () = stop.cancelled() => false,
        }
    }

    /// Waits until this process leads no more.
    pub async fn lost(&mut self) {
        // An error: the task that renews the lease has ended.
        let _ = self.leads.wait_for(|leads| !leads).await;
    }

    /// Gives the lease back, so that the next one need not wait for its end.
    pub async fn give_back(self) {
        drop(self.leads);
        if let Ok(Ok(manager)) = self.task.await
            && let Err(error) = manager.release().await
        {
            tracing::warn!(%error, "failed to give the lease back");
        }
    }
}
