//! The Deployment of one role.

use serde_json::{Map, Value, json};

use super::{Child, ChildKind, DesiredError, deployed_role::DeployedRole, placement, pod, rollout};
use crate::scale::Replicas;

/// The Deployment. `config`: its `ConfigMap`. `account`: the pods' service account.
pub(super) fn deployment(role: &DeployedRole, config: &Child, account: &str) -> Result<Child, DesiredError> {
    let family = &role.family;
    let workload = family.workload;
    let selector = family.component.selector(&family.meta.id);
    let mut spec = Map::from_iter([
        ("selector".to_owned(), json!({ "matchLabels": selector })),
        ("template".to_owned(), pod::template(role, config, account)?),
    ]);
    spec.extend(rollout::fields(workload.rollout.as_ref(), placement::spread(workload.placement.as_ref())));
    let initial_replicas = match role.replicas {
        Replicas::Exactly(count) => {
            spec.insert("replicas".to_owned(), json!(count));
            None
        }
        Replicas::LeftToAutoscaler(count) => Some(count),
    };
    let child = family.child(ChildKind::Deployment, family.name(), json!({ "spec": Value::Object(spec) }));
    Ok(Child { initial_replicas, ..child })
}
