//! The small objects that belong to a Deployment: `Service`, `PodDisruptionBudget`, `HorizontalPodAutoscaler`,
//! `PodMonitor`.

use std::collections::BTreeMap;

use hoopoe_crds::workload::{Autoscale, IntOrPercent, Toggle};
use serde_json::{Map, json};

use super::{
    Child, ChildKind, Platform,
    container::{ADMIN_PORT, HTTP_PORT},
    metadata::Family,
};
use crate::names::CONTAINER;

/// The Service before the pods.
pub(super) fn service(family: &Family, port: u16) -> Child {
    let settings = family.workload.service.as_ref();
    let annotations = settings.map(|service| service.annotations.clone()).unwrap_or_default();
    let kind = settings.and_then(|service| service.kind.as_deref()).unwrap_or("ClusterIP");
    let spec = json!({
        "type": kind,
        "selector": family.component.selector(&family.meta.id),
        "ports": [{
            "name": HTTP_PORT,
            "port": port,
            "targetPort": HTTP_PORT,
            "protocol": "TCP",
            "appProtocol": "http",
        }],
    });
    family.child_with(ChildKind::Service, family.name(), &BTreeMap::new(), &annotations, json!({ "spec": spec }))
}

/// How many pods a drain may take at once.
pub(super) fn disruption_budget(family: &Family) -> Child {
    let asked = family.workload.disruption.as_ref().map(|disruption| disruption.max_unavailable.clone());
    let spec = json!({
        "maxUnavailable": asked.unwrap_or(IntOrPercent::Int(1)),
        "selector": { "matchLabels": family.component.selector(&family.meta.id) },
        // Otherwise a pod that never became ready would block the drain of its node.
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    });
    family.child(ChildKind::PodDisruptionBudget, family.name(), json!({ "spec": spec }))
}

/// Scaling by the CPU of our container alone, since a sidecar without a request would stop the autoscaler.
pub(super) fn autoscaler(family: &Family, autoscale: &Autoscale) -> Child {
    let Autoscale { min, max, cpu } = autoscale;
    let target = json!({ "type": "Utilization", "averageUtilization": cpu });
    let metric = json!({
        "type": "ContainerResource",
        "containerResource": { "name": "cpu", "container": CONTAINER, "target": target },
    });
    let spec = json!({
        "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": family.name() },
        "minReplicas": min,
        "maxReplicas": max,
        "metrics": [metric],
    });
    family.child(ChildKind::HorizontalPodAutoscaler, family.name(), json!({ "spec": spec }))
}

/// The PodMonitor, if the spec asks for it.
pub(super) fn pod_monitor(family: &Family, platform: &Platform) -> Option<Child> {
    let monitoring = family.workload.monitoring.as_ref();
    let made = match monitoring.map(|monitoring| monitoring.pod_monitor).unwrap_or_default() {
        Toggle::Auto => platform.serves_pod_monitor,
        Toggle::Enabled => true,
        Toggle::Disabled => false,
    };
    if !made {
        return None;
    }
    let mut endpoint = Map::from_iter([("port".to_owned(), json!(ADMIN_PORT)), ("path".to_owned(), json!("/metrics"))]);
    if let Some(interval) = monitoring.and_then(|monitoring| monitoring.interval) {
        endpoint.insert("interval".to_owned(), json!(interval));
    }
    let spec = json!({
        "selector": { "matchLabels": family.component.selector(&family.meta.id) },
        "podMetricsEndpoints": [endpoint],
    });
    let labels = monitoring.map(|monitoring| monitoring.labels.clone()).unwrap_or_default();
    let body = json!({ "spec": spec });
    Some(family.child_with(ChildKind::PodMonitor, family.name(), &labels, &BTreeMap::new(), body))
}
