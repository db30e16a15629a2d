//! The containers of a pod: the worker, and the migration before it.

use hoopoe_crds::{environment::Server, ports};
use serde_json::{Map, Value, json};

use super::{
    deployed_role::DeployedRole,
    resources,
    worker_config::{FILE, FOLDER, path_of},
};
use crate::{
    dereference::{EnvFromSecret, RoleSecrets, tls},
    names::{CONTAINER, Component, MIGRATE_CONTAINER},
};

/// The volume of config and certificates.
pub(super) const VOLUME: &str = "config";
/// The name of the port of health and metrics.
pub(super) const ADMIN_PORT: &str = "admin";
/// The name of the port that Services point at.
pub(super) const HTTP_PORT: &str = "http";

/// Seconds between a pod's leaving its Services and the end of its listeners: as long as it takes until every node
/// knows.
pub(super) const PRE_STOP_SECONDS: u64 = 5;

/// The worker.
pub(super) fn worker(role: &DeployedRole) -> Value {
    let command = role.family.component.as_str();
    let mut ports = vec![json!({ "name": ADMIN_PORT, "containerPort": ports::ADMIN, "protocol": "TCP" })];
    if let Some(port) = role.port {
        ports.insert(0, json!({ "name": HTTP_PORT, "containerPort": port, "protocol": "TCP" }));
    }
    let mut container = common(role, CONTAINER);
    container.insert("command".to_owned(), json!(["hoopoe", command, "--config", format!("{FOLDER}/{FILE}")]));
    container.insert("env".to_owned(), Value::Array(env(role.secrets, &role.family.workload.extra_env)));
    container.insert("ports".to_owned(), Value::Array(ports));
    let resources = role.family.workload.resources.clone();
    container.insert("resources".to_owned(), resources.unwrap_or_else(|| resources::with_limit(role.memory)));
    let probe = |path: &str, period: u32, failures: u32| {
        json!({
            "httpGet": { "path": path, "port": ADMIN_PORT },
            "periodSeconds": period,
            "timeoutSeconds": 5,
            "failureThreshold": failures,
        })
    };
    container.insert("livenessProbe".to_owned(), probe("/healthz", 10, 3));
    container.insert("readinessProbe".to_owned(), probe("/readyz", 5, 2));
    match role.family.component {
        Component::Producer | Component::Api => {
            container
                .insert("lifecycle".to_owned(), json!({ "preStop": { "sleep": { "seconds": PRE_STOP_SECONDS } } }));
        }
        // No client connects to it, so it can stop at once.
        Component::Consumer => {}
    }
    Value::Object(container)
}

/// The migration. All replicas may run it at the same time.
pub(super) fn migration(role: &DeployedRole, secrets: &RoleSecrets) -> Value {
    let mut command = vec!["hoopoe".to_owned(), "migrate".to_owned(), "up".to_owned()];
    for (argument, key) in [("--ca-file", tls::CA), ("--cert-file", tls::CERTIFICATE), ("--key-file", tls::KEY)] {
        if let Some(path) = path_of(secrets, Server::Postgres, key) {
            command.extend([argument.to_owned(), path.display().to_string()]);
        }
    }
    if let Some(name) = &role.config.postgres_tls.server_name {
        command.extend(["--server-name".to_owned(), name.clone()]);
    }
    let mut container = common(role, MIGRATE_CONTAINER);
    container.insert("command".to_owned(), json!(command));
    container.insert("env".to_owned(), Value::Array(env(secrets, &role.family.workload.extra_env)));
    container.insert("resources".to_owned(), resources::migration());
    Value::Object(container)
}

/// What both containers share.
fn common(role: &DeployedRole, name: &str) -> Map<String, Value> {
    let workload = role.family.workload;
    let image = workload.image.as_ref().unwrap_or(&role.platform.worker_image);
    let mut container = Map::from_iter([
        ("name".to_owned(), json!(name)),
        ("image".to_owned(), json!(image)),
        ("volumeMounts".to_owned(), json!([{ "name": VOLUME, "mountPath": FOLDER, "readOnly": true }])),
        (
            "securityContext".to_owned(),
            json!({
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": { "drop": ["ALL"] },
            }),
        ),
    ]);
    if let Some(policy) = &workload.image_pull_policy {
        container.insert("imagePullPolicy".to_owned(), json!(policy));
    }
    container
}

/// Variables from Secrets, then the spec's own. A variable of the spec replaces one of the same name: a list may have
/// each name once.
fn env(secrets: &RoleSecrets, extra: &[Value]) -> Vec<Value> {
    let from_secret = |env: &EnvFromSecret| match env {
        EnvFromSecret::Key { variable, secret, key } => {
            json!({ "name": variable, "valueFrom": { "secretKeyRef": { "name": secret, "key": key } } })
        }
        EnvFromSecret::Literal { variable, value } => json!({ "name": variable, "value": value }),
    };
    let mut all: Vec<Value> = secrets.env.iter().map(from_secret).collect();
    for variable in extra {
        match all.iter_mut().find(|other| other["name"] == variable["name"]) {
            Some(other) => *other = variable.clone(),
            None => all.push(variable.clone()),
        }
    }
    all
}
