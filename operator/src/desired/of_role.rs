//! The objects of one role: its Deployment, and everything that belongs to it.

use serde_json::json;

use super::{
    Child, ChildKind, DesiredError, deployed_role::DeployedRole, deployment, metadata::Family, network_policy,
    surroundings, worker_config,
};
use crate::scale::Replicas;

/// The objects of the role. `account`: the service account of its pods.
pub(super) fn children(role: &DeployedRole, account: &str) -> Result<Vec<Child>, DesiredError> {
    let family = &role.family;
    let config = worker_config::config_map(family, &role.config)?;
    let deployment = deployment::deployment(role, &config, account)?;
    let mut children = vec![config, deployment, surroundings::disruption_budget(family)];
    children.extend(role.port.map(|port| surroundings::service(family, port)));
    children.extend(network_policy::network_policy(family, &role.config, role.servers));
    children.extend(surroundings::pod_monitor(family, role.platform));
    match (role.replicas, role.autoscale) {
        (Replicas::LeftToAutoscaler(_), Some(autoscale)) => {
            children.push(surroundings::autoscaler(family, autoscale));
        }
        // A stopped resource has a count of 0, and an autoscaler would only complain about it.
        (Replicas::LeftToAutoscaler(_), None) | (Replicas::Exactly(_), _) => {}
    }
    Ok(children)
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
