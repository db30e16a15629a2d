//! The pieces of Kubernetes' own API in a spec. They are parsed as their types, since the API server names no field of
//! a piece that does not fit.
//!
//! A field that these types do not know is accepted: it may belong to a newer Kubernetes, and the API server judges it.

use hoopoe_crds::{Invalid, workload::Workload};
use k8s_openapi::api::{
    core::v1::{Affinity, EnvVar, PodTemplateSpec, ResourceRequirements, Toleration},
    networking::v1::NetworkPolicyPeer,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::quantities;

/// The pieces that cannot be parsed, except the pod template.
pub(super) fn broken_rules(workload: &Workload) -> Vec<Invalid> {
    let mut found = Vec::new();
    if let Some(resources) = &workload.resources {
        found.extend(unread::<ResourceRequirements>("spec.resources", resources));
        found.extend(quantities::broken_rules("spec.resources", resources));
    }
    found.extend(each_unread::<EnvVar>("spec.extraEnv", &workload.extra_env));
    if let Some(placement) = &workload.placement {
        found.extend(
            placement.affinity.iter().filter_map(|affinity| unread::<Affinity>("spec.placement.affinity", affinity)),
        );
        found.extend(each_unread::<Toleration>("spec.placement.tolerations", &placement.tolerations));
    }
    if let Some(policy) = &workload.network_policy {
        found.extend(each_unread::<NetworkPolicyPeer>("spec.networkPolicy.ingressFrom", &policy.ingress_from));
        found.extend(each_unread::<NetworkPolicyPeer>("spec.networkPolicy.egressTo", &policy.egress_to));
    }
    found
}

/// What cannot be parsed in a template. The patch is merged into it, so that places in its lists may differ from those
/// in the patch.
pub(super) fn broken_template(template: &Value) -> Vec<Invalid> {
    let mut found: Vec<Invalid> = unread::<PodTemplateSpec>("spec.podTemplate", template).into_iter().collect();
    found.extend(quantities::broken_rules("spec.podTemplate", template));
    found
}

fn each_unread<T: DeserializeOwned>(field: &str, values: &[Value]) -> Vec<Invalid> {
    let each = values.iter().enumerate();
    each.filter_map(|(index, value)| unread::<T>(&format!("{field}[{index}]"), value)).collect()
}

fn unread<T: DeserializeOwned>(field: &str, value: &Value) -> Option<Invalid> {
    let error = serde_path_to_error::deserialize::<_, T>(value).err()?;
    let path = error.path().to_string();
    let field = match path.as_str() {
        "." => field.to_owned(),
        path if path.starts_with('[') => format!("{field}{path}"),
        path => format!("{field}.{path}"),
    };
    Some(Invalid { field, detail: format!("cannot be read: {}", error.inner()) })
}
