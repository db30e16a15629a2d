//! Who may reach the pods, and whom they may reach.

use std::net::IpAddr;

use hoopoe_crds::{WorkerConfig, workload::NetworkPolicySettings};
use serde_json::{Map, Value, json};
use url::Url;

use super::{Child, ChildKind, metadata::Family};

/// The NetworkPolicy of one Deployment, if the spec asks for it.
pub(super) fn network_policy(family: &Family, config: &WorkerConfig, servers: &[(String, u16)]) -> Option<Child> {
    let settings = family.workload.network_policy.as_ref()?;
    let NetworkPolicySettings { enabled, ingress_from, egress_to } = settings;
    if !enabled {
        return None;
    }
    let mut egress = vec![dns()];
    let mut rules: Vec<Value> = servers.iter().map(|(host, port)| to(host, *port)).collect();
    // The spec or the operator names the collector, not a Secret. Without this rule traces would be lost silently.
    rules.extend(config.telemetry.otlp_endpoint.as_deref().and_then(collector));
    for rule in rules {
        // Two names with the same port become one rule, because a policy cannot tell them apart.
        if !egress.contains(&rule) {
            egress.push(rule);
        }
    }
    if !egress_to.is_empty() {
        egress.push(json!({ "to": egress_to }));
    }
    let mut types = vec!["Egress"];
    let mut spec = Map::from_iter([
        ("podSelector".to_owned(), json!({ "matchLabels": family.component.selector(&family.meta.id) })),
        ("egress".to_owned(), json!(egress)),
    ]);
    if !ingress_from.is_empty() {
        types.insert(0, "Ingress");
        spec.insert("ingress".to_owned(), json!([{ "from": ingress_from }]));
    }
    spec.insert("policyTypes".to_owned(), json!(types));
    Some(family.child(ChildKind::NetworkPolicy, family.name(), json!({ "spec": spec })))
}

/// To DNS anywhere: a selector could not name a node-local cache, which is not a pod.
fn dns() -> Value {
    json!({ "ports": [{ "port": 53, "protocol": "UDP" }, { "port": 53, "protocol": "TCP" }] })
}

/// To an address exactly, or to the port of a name anywhere: a policy cannot hold names, and even the name of a Service
/// may lead outside the cluster.
fn to(host: &str, port: u16) -> Value {
    let ports = json!([{ "port": port, "protocol": "TCP" }]);
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => {
            let bits = if address.is_ipv4() { 32 } else { 128 };
            json!({ "to": [{ "ipBlock": { "cidr": format!("{address}/{bits}") } }], "ports": ports })
        }
        Err(_) => json!({ "ports": ports }),
    }
}

fn collector(endpoint: &str) -> Option<Value> {
    let url = Url::parse(endpoint).ok()?;
    Some(to(url.host_str()?, url.port_or_known_default()?))
}
