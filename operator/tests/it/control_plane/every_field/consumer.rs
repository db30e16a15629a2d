//! The fields of a `NotifConsumer`.

use serde_json::json;

use super::{
    Edit, Immutable,
    both::{self, Names},
    producer,
};

pub const DEPLOYMENTS: &[&str] = &["inbox-consumer", "inbox-api"];

const WORKER: &[&str] = &["inbox-consumer"];
const API: &[&str] = &["inbox-api"];
const DEPLOYMENT: &str = "deploy/inbox-consumer";
const AUTOSCALER: &str = "hpa/inbox-api";
const POLICY: &str = "policies/%2F/hoopoe.drained.inbox";
const BINDINGS: &str = "queues/%2F/every/bindings";

/// Fields that cannot change.
pub fn immutable() -> Vec<Immutable> {
    vec![
        Immutable { field: "queue.name", value: json!("other"), says: "name is immutable" },
        Immutable { field: "queue.type", value: json!("Classic"), says: "type is immutable" },
        Immutable { field: "queue.maxPriority", value: json!(3), says: "maxPriority is immutable" },
        Immutable { field: "broker.vhost", value: json!("other"), says: "vhost is immutable" },
    ]
}

/// Fields that can change.
// One row for each field.
#[allow(clippy::too_many_lines)]
pub fn edits() -> Vec<Edit> {
    let config = |field, value: serde_json::Value, pointer| {
        Edit::of(field, value.clone()).config("inbox-consumer", pointer, value).rolls(WORKER)
    };
    let shared = |field, value: serde_json::Value, pointer| {
        Edit::of(field, value.clone())
            .config("inbox-consumer", pointer, value.clone())
            .config("inbox-api", pointer, value)
            .rolls(DEPLOYMENTS)
    };
    let policy = |field, value: serde_json::Value, pointer, seen: serde_json::Value| {
        Edit::of(field, value).broker(POLICY, pointer, seen)
    };
    // The first of the queue's bindings is that of the default exchange.
    let binding = |field, value: serde_json::Value, pointer, seen: serde_json::Value| {
        Edit::of(field, value).broker(BINDINGS, pointer, seen)
    };
    let decides = |field, value: serde_json::Value| Edit::of(field, value).beside(json!({ "scaling": { "max": 5 } }));
    let mut edits = vec![
        policy("queue.policy.messageTtl", json!("7s"), "/definition/message-ttl", json!(7000)),
        policy("queue.policy.maxLength", json!(9), "/definition/max-length", json!(9)),
        policy("queue.policy.overflow", json!("DropHead"), "/definition/overflow", json!("drop-head")),
        // The crash-loop guard reads it.
        policy("queue.policy.deliveryLimit", json!(33), "/definition/delivery-limit", json!(33))
            .config("inbox-consumer", "/consumer/queue/policy/deliveryLimit", 33)
            .rolls(WORKER),
        policy("queue.policy.priority", json!(120), "/priority", json!(120)),
        Edit::of("queue.deletionTimeout", json!("1m")).decides(
            "read at the deletion: deletion::an_empty_queue_goes_and_one_with_messages_stays_unbound_and_unclaimed",
        ),
        Edit::of("deadLetter.maxLength", json!(500)).broker(
            "policies/%2F/hoopoe.drained.inbox.dlq",
            "/definition/max-length",
            500,
        ),
        binding(
            "bindings[].routingKey",
            json!([{ "exchange": "amq.topic", "routingKey": "b" }]),
            "/1/routing_key",
            json!("b"),
        ),
        binding(
            "bindings[].exchange",
            json!([{ "exchange": "amq.headers", "routingKey": "b" }]),
            "/1/source",
            json!("amq.headers"),
        ),
        binding(
            "bindings[].arguments",
            json!([{
                "exchange": "amq.headers",
                "routingKey": "b",
                "arguments": { "x-match": "any", "region": "eu" },
            }]),
            "/1/arguments/region",
            json!("eu"),
        ),
        config("consume.prefetch", json!(77), "/consumer/consume/prefetch"),
        config("consume.lanes", json!(3), "/consumer/consume/lanes"),
        config("consume.batch.maxSize", json!(66), "/consumer/consume/batch/maxSize"),
        config("consume.batch.linger", json!("9ms"), "/consumer/consume/batch/linger"),
        config("consume.drainTimeout", json!("44s"), "/consumer/consume/drainTimeout").object(
            DEPLOYMENT,
            "/spec/template/spec/terminationGracePeriodSeconds",
            54,
        ),
        shared("cache.ttl", json!("30m"), "/cache/ttl"),
        shared("cache.headItems", json!(50), "/cache/headItems"),
        shared("store.retention", json!("90d"), "/store/retention"),
        Edit::of("api.replicas", json!(3)).object("deploy/inbox-api", "/spec/replicas", 3),
        Edit::of("api.port", json!(9090))
            .config("inbox-api", "/api/port", 9090)
            .object("svc/inbox-api", "/spec/ports/0/port", 9090)
            .rolls(API),
    ];
    edits.extend(both::edits(&Names {
        deployment: DEPLOYMENT,
        account: "sa/inbox-consumer",
        service: "svc/inbox-api",
        budget: "pdb/inbox-consumer",
        network_policy: "netpol/inbox-consumer",
        pod_monitor: "podmonitors/inbox-consumer",
        all: DEPLOYMENTS,
    }));
    edits.extend(stores());
    edits.extend([
        Edit::of("scaling.max", json!(5)).decides("scaling::properties"),
        Edit::of("scaling.min", json!(4)).beside(json!({ "scaling": { "max": 5 } })).object(
            DEPLOYMENT,
            "/spec/replicas",
            4,
        ),
        decides("scaling.targetDrain", json!("9s")).decides("scaling::replay"),
        decides("scaling.stabilization", json!("9s")).decides("scaling::properties"),
        decides("scaling.idle", json!("9s")).decides("scaling::properties"),
    ]);
    edits.extend(producer::broker("inbox-consumer", WORKER, DEPLOYMENT, "ncons/inbox"));
    edits.extend([
        Edit::of("queue.deletionPolicy", json!("Retain")).object("ncons/inbox", "/metadata/finalizers", json!(null)),
        Edit::of("api.autoscale.max", json!(6)).object(AUTOSCALER, "/spec/maxReplicas", 6),
        Edit::of("api.autoscale.min", json!(2)).beside(json!({ "api": { "autoscale": { "max": 6 } } })).object(
            AUTOSCALER,
            "/spec/minReplicas",
            2,
        ),
        Edit::of("api.autoscale.cpu", json!(55)).object(
            AUTOSCALER,
            "/spec/metrics/0/containerResource/target/averageUtilization",
            55,
        ),
        Edit::of("api.enabled", json!(false)).object("deploy/inbox-api", "", json!(null)).rolls(API),
    ]);
    edits
}

/// Where the workers find Postgres and Redis.
fn stores() -> Vec<Edit> {
    let tls = |field, value: &str, part: &'static str, pointer, seen: &str| {
        let edit = Edit::of(field, value)
            .config("inbox-consumer", pointer, seen)
            .config("inbox-api", pointer, seen)
            .rolls(DEPLOYMENTS);
        if part == "postgres" {
            edit.item(DEPLOYMENT, "/spec/template/spec/initContainers/0/command", seen)
        } else {
            edit
        }
    };
    vec![
        Edit::of("postgres.secretRef.name", json!("pg-2"))
            .beside(json!({ "extraEnv": null }))
            .object("deploy/inbox-api", "/spec/template/spec/containers/0/env/0/valueFrom/secretKeyRef/name", "pg-2")
            .rolls(DEPLOYMENTS),
        Edit::of("postgres.migrationSecretRef.name", json!("pg"))
            .object(DEPLOYMENT, "/spec/template/spec/initContainers/0/env/0/valueFrom/secretKeyRef/name", "pg")
            .rolls(DEPLOYMENTS),
        tls(
            "postgres.tls.caSecretRef.name",
            "tls",
            "postgres",
            "/postgresTls/caFile",
            "/etc/hoopoe/tls/postgres/ca.crt",
        ),
        tls(
            "postgres.tls.certSecretRef.name",
            "tls",
            "postgres",
            "/postgresTls/certFile",
            "/etc/hoopoe/tls/postgres/tls.crt",
        ),
        tls("postgres.tls.serverName", "pg.internal", "postgres", "/postgresTls/serverName", "pg.internal"),
        Edit::of("redis.secretRef.name", json!("redis-2"))
            .object("deploy/inbox-api", "/spec/template/spec/containers/0/env/1/valueFrom/secretKeyRef/name", "redis-2")
            .rolls(DEPLOYMENTS),
        tls("redis.tls.caSecretRef.name", "tls", "redis", "/redisTls/caFile", "/etc/hoopoe/tls/redis/ca.crt"),
        tls("redis.tls.certSecretRef.name", "tls", "redis", "/redisTls/certFile", "/etc/hoopoe/tls/redis/tls.crt"),
        tls("redis.tls.serverName", "redis.internal", "redis", "/redisTls/serverName", "redis.internal"),
    ]
}
