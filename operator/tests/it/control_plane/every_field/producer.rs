//! The fields of a `NotifProducer`.

use serde_json::json;

use super::{
    Edit, Immutable,
    both::{self, Names},
};

pub const DEPLOYMENTS: &[&str] = &["events-producer"];

const DEPLOYMENT: &str = "deploy/events-producer";
const CONFIG: &str = "events-producer";
const AUTOSCALER: &str = "hpa/events-producer";

/// Fields that cannot change.
pub fn immutable() -> Vec<Immutable> {
    vec![
        Immutable { field: "exchange.name", value: json!("other"), says: "name is immutable" },
        Immutable { field: "exchange.type", value: json!("Fanout"), says: "type is immutable" },
        Immutable { field: "broker.vhost", value: json!("other"), says: "vhost is immutable" },
    ]
}

/// Fields that can change.
pub fn edits() -> Vec<Edit> {
    let config = |field, value: serde_json::Value, pointer| {
        Edit::of(field, value.clone()).config(CONFIG, pointer, value).rolls(DEPLOYMENTS)
    };
    let mut edits = vec![
        Edit::of("exchange.ownership", json!("Owned")).object(
            "nprod/events",
            "/metadata/finalizers/0",
            "hoopoe.app/topology",
        ),
        config("routingKey", json!("{kind}.{owner}"), "/producer/routingKey"),
        config("headers", json!(["kind", "actor"]), "/producer/headers"),
        config("ingress.http.port", json!(9000), "/producer/port").object(
            "svc/events-producer",
            "/spec/ports/0/port",
            9000,
        ),
        config("publish.timeout", json!("7s"), "/producer/publish/timeout").object(
            DEPLOYMENT,
            "/spec/template/spec/terminationGracePeriodSeconds",
            27,
        ),
        config("publish.maxInFlight", json!(77), "/producer/publish/maxInFlight"),
        config("limits.bodyBytes", json!(4096), "/producer/limits/bodyBytes"),
        config("limits.ratePerSecond", json!(50), "/producer/limits/ratePerSecond"),
    ];
    edits.extend(both::edits(&Names {
        deployment: DEPLOYMENT,
        account: "sa/events-producer",
        service: "svc/events-producer",
        budget: "pdb/events-producer",
        network_policy: "netpol/events-producer",
        pod_monitor: "podmonitors/events-producer",
        all: DEPLOYMENTS,
    }));
    edits.extend(broker(CONFIG, DEPLOYMENTS, DEPLOYMENT, "nprod/events"));
    edits.extend([
        Edit::of("autoscale.max", json!(6)).object(AUTOSCALER, "/spec/maxReplicas", 6),
        Edit::of("autoscale.min", json!(2)).object(AUTOSCALER, "/spec/minReplicas", 2),
        Edit::of("autoscale.cpu", json!(55)).object(
            AUTOSCALER,
            "/spec/metrics/0/containerResource/target/averageUtilization",
            55,
        ),
    ]);
    edits
}

/// Where the workers find the broker. First, the variables of the test before are removed, so that the Secrets set them
/// again.
pub fn broker(
    config: &'static str,
    rolls: &'static [&'static str],
    deployment: &'static str,
    resource: &'static str,
) -> Vec<Edit> {
    vec![
        Edit::of("broker.secretRef.name", json!("rabbit-2"))
            .beside(json!({ "extraEnv": null }))
            .object(deployment, "/spec/template/spec/containers/0/env/0/valueFrom/secretKeyRef/name", "rabbit-2")
            .rolls(rolls),
        Edit::of("broker.tls.caSecretRef.name", json!("tls"))
            .config(config, "/brokerTls/caFile", "/etc/hoopoe/tls/broker/ca.crt")
            .rolls(rolls),
        Edit::of("broker.tls.certSecretRef.name", json!("tls"))
            .config(config, "/brokerTls/certFile", "/etc/hoopoe/tls/broker/tls.crt")
            .rolls(rolls),
        Edit::of("broker.tls.serverName", json!("rabbit.internal"))
            .config(config, "/brokerTls/serverName", "rabbit.internal")
            .rolls(rolls),
        // Only the operator uses it: it asks the new management API at once, and nothing answers there.
        Edit::of("broker.managementSecretRef.name", json!("management")).condition(
            resource,
            "BrokerReachable",
            "False",
        ),
    ]
}
