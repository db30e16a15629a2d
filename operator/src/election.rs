//! Elects the leader among several operators, by a Lease.

use std::time::{Duration, SystemTime};

use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, Client};
use kube_lease_manager::{LeaseManagerBuilder, LeaseManagerError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Seconds for which a lease holds without being renewed. When a leader dies, its work waits this long.
const DURATION_SECONDS: u64 = 15;
/// Seconds before its end at which the leader renews it.
const GRACE_SECONDS: u64 = 5;
/// The pause between two looks at the lease while leading, and the longest that one look may take. So a renewal, which
/// comes ten seconds after the last one, is seen before the fifteenth second.
const LOOK: Duration = Duration::from_secs(2);

/// A candidate for the lease.
pub struct Election {
    leads: watch::Receiver<bool>,
    leases: Api<Lease>,
    name: String,
    identity: String,
    task: tokio::task::JoinHandle<kube_lease_manager::Result<kube_lease_manager::LeaseManager>>,
}

/// Why the election cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ElectionError {
    /// The Lease cannot be read or created.
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
        let leases = Api::namespaced(client.clone(), namespace);
        let manager = LeaseManagerBuilder::new(client, name)
            .with_namespace(namespace)
            .with_identity(identity)
            .with_duration(DURATION_SECONDS)
            .with_grace(GRACE_SECONDS)
            .build()
            .await
            .map_err(unavailable)?;
        let (leads, task) = manager.watch().await;
        Ok(Self { leads, leases, name: name.to_owned(), identity: identity.to_owned(), task })
    }

    /// Waits until this process leads; `false`: `stop` came first.
    pub async fn won(&mut self, stop: &CancellationToken) -> bool {
        tokio::select! {
            won = self.leads.wait_for(|leads| *leads) => won.is_ok(),
            () = stop.cancelled() => false,
        }
    }

    /// Waits until this process does not lead any more.
    pub async fn lost(&mut self) {
        let lapsed = lapsed(&self.leases, &self.name, &self.identity);
        tokio::select! {
            // An error: the task that renews the lease has ended.
            _ = self.leads.wait_for(|leads| !leads) => {}
            () = lapsed => {}
        }
    }

    /// Gives the lease back, so that the next leader does not have to wait for its end.
    pub async fn give_back(self) {
        drop(self.leads);
        if let Ok(Ok(manager)) = self.task.await
            && let Err(error) = manager.release().await
        {
            tracing::warn!(%error, "failed to give the lease back");
        }
    }
}

/// Waits until another process has the lease, or until it has ended without being renewed. `LeaseManager` does not
/// report the latter: while the API server does not answer, it tries again and calls itself the leader, and this
/// operator would go on writing to brokers.
async fn lapsed(leases: &Api<Lease>, name: &str, identity: &str) {
    let duration = Duration::from_secs(DURATION_SECONDS);
    let mut end = SystemTime::now() + duration;
    while let Ok(left) = end.duration_since(SystemTime::now()) {
        tokio::time::sleep(left.min(LOOK)).await;
        // Never beyond the end: a missing answer must not prolong the lease.
        let left = end.duration_since(SystemTime::now()).unwrap_or_default().min(LOOK);
        let Ok(Ok(lease)) = tokio::time::timeout(left, leases.get(name)).await else { continue };
        let spec = lease.spec.unwrap_or_default();
        if spec.holder_identity.as_deref() != Some(identity) {
            return;
        }
        // This process wrote it, so only one clock is involved.
        if let Some(renewed) = spec.renew_time {
            end = SystemTime::from(renewed.0) + duration;
        }
    }
}
