//! What the API server serves beside its own kinds.

use kube::Client;

const GROUP_VERSION: &str = "monitoring.coreos.com/v1";

/// Whether it serves `PodMonitor`. A cluster may have that group and not this kind: Prometheus' operator installs them one by one.
pub async fn serves_pod_monitor(client: &Client) -> Result<bool, kube::Error> {
    match client.list_api_group_resources(GROUP_VERSION).await {
        Ok(list) => Ok(list.resources.iter().any(|resource| resource.kind == "PodMonitor")),
        // Of a group that it does not know the API server says so in plain text: only the code can be read.
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(false),
        Err(error) => Err(error),
    }
}
