//! One Deployment of a resource, and everything that stands around it.

use hoopoe_crds::{WorkerConfig, workload::Autoscale};
use serde_json::json;

use super::{
    Child, ChildKind, DesiredError, Platform, deployment, metadata::Family, network_policy, surroundings, worker_config,
};
use crate::{dereference::RoleSecrets, scale::Replicas};

/// What makes one Deployment.
pub(super) struct DeployedRole<'a> {
    pub family: Family<'a>,
    pub platform: &'a Platform,
    pub config: WorkerConfig,
    pub secrets: &'a RoleSecrets,
    /// Set where a migration runs before the worker.
    pub migrate: Option<&'a RoleSecrets>,
    /// Every server that the resource's Secrets name.
    pub servers: &'a [(String, u16)],
    /// The port before which a Service stands.
    pub port: Option<u16>,
    pub replicas: Replicas,
    pub autoscale: Option<&'a Autoscale>,
    pub grace_seconds: u64,
    /// What the container may use at most where the spec says nothing, in bytes.
    pub memory: u64,
}

impl DeployedRole<'_> {
    /// Its objects. `account`: the pods' service account.
    pub(super) fn children(&self, account: &str) -> Result<Vec<Child>, DesiredError> {
        let family = &self.family;
        let config = worker_config::config_map(family, &self.config)?;
        let deployment = deployment::deployment(self, &config, account)?;
        let mut children = vec![config, deployment, surroundings::disruption_budget(family)];
        children.extend(self.port.map(|port| surroundings::service(family, port)));
        children.extend(network_policy::network_policy(family, &self.config, self.servers));
        children.extend(surroundings::pod_monitor(family, self.platform));
        match (self.replicas, self.autoscale) {
            (Replicas::LeftToAutoscaler(_), Some(autoscale)) => {
                children.push(surroundings::autoscaler(family, autoscale));
            }
            // At 0, which is how a stopped resource stays stopped, an autoscaler would only complain.
            (Replicas::LeftToAutoscaler(_), None) | (Replicas::Exactly(_), _) => {}
        }
        Ok(children)
    }
}

/// The name of the pods' service account, and the account itself where one is made. One for all pods of the resource.
pub(super) fn account(family: &Family) -> (String, Option<Child>) {
    let settings = family.workload.service_account.as_ref();
    if let Some(name) = settings.and_then(|account| account.name.clone()) {
        return (name, None);
    }
    let annotations = settings.map(|account| account.annotations.clone()).unwrap_or_default();
    let body = json!({ "automountServiceAccountToken": false });
    let labels = std::collections::BTreeMap::new();
    let child = family.child_with(ChildKind::ServiceAccount, family.name(), &labels, &annotations, body);
    (child.name.clone(), Some(child))
}
