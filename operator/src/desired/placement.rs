//! On which nodes the pods run.

use std::collections::BTreeMap;

use hoopoe_crds::workload::{Placement, Spread};
use serde_json::{Map, Value, json};

const HOSTNAME: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";

/// The pod template's hash, which the Deployment's controller writes. Only pods of one revision keep apart from each
/// other: otherwise a rollout hangs if there are as many nodes as replicas.
const TEMPLATE_HASH: &str = "pod-template-hash";

/// How strongly `Preferred` keeps pods on different nodes, of 100. The rest is left for other preferences of the user.
const WEIGHT: i32 = 70;

/// Taints of a node that is gone or not ready; what Kubernetes itself tolerates for five minutes.
const GONE: [&str; 2] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/// Without `placement` in the spec.
fn default_placement() -> Placement {
    Placement {
        spread: Spread::Preferred,
        affinity: None,
        node_selector: BTreeMap::new(),
        tolerations: Vec::new(),
        toleration_seconds: 30,
        priority_class_name: None,
    }
}

/// How the pods of a Deployment are kept apart.
pub(super) fn spread(placement: Option<&Placement>) -> Spread {
    placement.map(|placement| placement.spread).unwrap_or_default()
}

/// The fields of a pod spec that place it. `selector`: the labels of the Deployment's pods.
pub(super) fn fields(placement: Option<&Placement>, selector: &BTreeMap<String, String>) -> Map<String, Value> {
    let default = default_placement();
    let Placement { spread, affinity, node_selector, tolerations, toleration_seconds, priority_class_name } =
        placement.unwrap_or(&default);
    let mut fields = Map::new();
    let affinity = with_spread(affinity.clone().unwrap_or_else(|| json!({})), *spread, selector);
    if affinity.as_object().is_none_or(|affinity| !affinity.is_empty()) {
        fields.insert("affinity".to_owned(), affinity);
    }
    if *spread == Spread::Preferred {
        let constraint = json!({
            "maxSkew": 1,
            "topologyKey": ZONE,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": { "matchLabels": selector },
            "matchLabelKeys": [TEMPLATE_HASH],
        });
        fields.insert("topologySpreadConstraints".to_owned(), json!([constraint]));
    }
    if !node_selector.is_empty() {
        fields.insert("nodeSelector".to_owned(), json!(node_selector));
    }
    let mut tolerated = tolerations.clone();
    let of_user = |taint: &str| tolerations.iter().any(|toleration| toleration["key"] == taint);
    tolerated.extend(GONE.into_iter().filter(|taint| !of_user(taint)).map(|taint| {
        json!({ "key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": toleration_seconds })
    }));
    fields.insert("tolerations".to_owned(), Value::Array(tolerated));
    if let Some(class) = priority_class_name {
        fields.insert("priorityClassName".to_owned(), json!(class));
    }
    fields
}

/// The spec's own affinity, and beside it that of `spread`.
fn with_spread(mut affinity: Value, spread: Spread, selector: &BTreeMap<String, String>) -> Value {
    let (list, term) = match spread {
        Spread::None => return affinity,
        Spread::Preferred => {
            let term = json!({ "topologyKey": HOSTNAME, "labelSelector": { "matchLabels": selector } });
            let list = "preferredDuringSchedulingIgnoredDuringExecution";
            (list, json!({ "weight": WEIGHT, "podAffinityTerm": term }))
        }
        Spread::Required => {
            let term = json!({
                "topologyKey": HOSTNAME,
                "labelSelector": { "matchLabels": selector },
                "matchLabelKeys": [TEMPLATE_HASH],
            });
            ("requiredDuringSchedulingIgnoredDuringExecution", term)
        }
    };
    // A value of another type stays as it is: the API server will report it.
    if let Value::Object(affinity) = &mut affinity
        && let Value::Object(anti) = affinity.entry("podAntiAffinity").or_insert_with(|| json!({}))
        && let Value::Array(terms) = anti.entry(list).or_insert_with(|| json!([]))
    {
        terms.push(term);
    }
    affinity
}
