//! Which cluster this is: two clusters may share a broker and have resources with the same namespace and name.

use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};

use crate::config::Config;

/// The namespace that every cluster has and that cannot be deleted. Tools know a cluster by its uid.
const EVERYWHERE: &str = "kube-system";
/// The pause between two tries while the API server does not answer.
const PAUSE: Duration = Duration::from_secs(2);

/// `--cluster-id`, else the uid of `kube-system`; `None`: the operator may not read it, and says so.
///
/// If the API server does not answer, it is asked again until it does: an operator that does not know its cluster would
/// take another cluster's claims for its own.
pub async fn id(client: &Client, config: &Config) -> Option<String> {
    if let Some(id) = &config.cluster_id {
        return Some(id.clone());
    }
    loop {
        match Api::<Namespace>::all(client.clone()).get(EVERYWHERE).await {
            Ok(namespace) => return namespace.metadata.uid,
            Err(kube::Error::Api(status)) if [401, 403, 404].contains(&status.code) => {
                tracing::warn!(
                    reason = status.reason,
                    "the operator may not read the namespace kube-system, so its claims on brokers do not name this \
                     cluster; if other clusters use the same brokers, grant get on that namespace or set --cluster-id"
                );
                return None;
            }
            Err(error) => tracing::warn!(%error, "failed to read the namespace kube-system; the operator tries again"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
