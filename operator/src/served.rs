//! What the API server serves beside its own kinds.

use kube::Client;

const GROUP_VERSION: &str = "monitoring.coreos.com/v1";

/// Whether it serves `PodMonitor`. A cluster may have the group without this kind: Prometheus' operator installs each
/// kind on its own.
pub async fn serves_pod_monitor(client: &Client) -> Result<bool, kube::Error> {
    match client.list_api_group_resources(GROUP_VERSION).await {
        Ok(list) => Ok(list.resources.iter().any(|resource| resource.kind == "PodMonitor")),
        // The API server answers in plain text for a group that it does not know: only the code can be read.
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(false),
        Err(error) => Err(error),
    }
}
