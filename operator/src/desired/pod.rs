//! The pod template of a Deployment.

use hoopoe_crds::secrets::SecretRef;
use serde_json::{Map, Value, json};

use super::{
    Child, DesiredError,
    container::{self, VOLUME},
    deployed_role::DeployedRole,
    placement,
    worker_config::{self, FILE},
};
use crate::{
    dereference::RoleSecrets,
    names::SECRETS_HASH_ANNOTATION,
    strategic_merge::{self, Unfit},
};

/// The template, with the spec's own patch applied. `config`: the `ConfigMap`.
pub(super) fn template(role: &DeployedRole, config: &Child, account: &str) -> Result<Value, DesiredError> {
    let family = &role.family;
    let mut annotations = family.workload.annotations.clone();
    annotations.insert(SECRETS_HASH_ANNOTATION.to_owned(), role.secrets.hash.clone());
    let mut spec = Map::from_iter([
        ("serviceAccountName".to_owned(), json!(account)),
        // The workers do not use the API server.
        ("automountServiceAccountToken".to_owned(), json!(false)),
        // Otherwise a Service called `hoopoe-redis` would set HOOPOE_REDIS_PORT to a URL.
        ("enableServiceLinks".to_owned(), json!(false)),
        ("terminationGracePeriodSeconds".to_owned(), json!(role.grace_seconds)),
        ("securityContext".to_owned(), json!({ "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } })),
        ("containers".to_owned(), json!([container::worker(role)])),
        ("volumes".to_owned(), json!([volume(role.secrets, role.migrate, &config.name)])),
    ]);
    if let Some(migrate) = role.migrate {
        spec.insert("initContainers".to_owned(), json!([container::migration(role, migrate)]));
    }
    let pull_secrets = pull_secrets(role);
    if !pull_secrets.is_empty() {
        spec.insert("imagePullSecrets".to_owned(), json!(pull_secrets));
    }
    spec.extend(placement::fields(family.workload.placement.as_ref(), &family.component.selector(&family.meta.id)));
    let mut template = json!({ "metadata": { "labels": family.labels(), "annotations": annotations }, "spec": spec });
    if let Some(patch) = &family.workload.pod_template {
        strategic_merge::merge(&mut template, patch).map_err(|Unfit { path, detail }| {
            let field =
                if path.is_empty() { "spec.podTemplate".to_owned() } else { format!("spec.podTemplate.{path}") };
            DesiredError::PodTemplateUnfit { field, detail }
        })?;
    }
    Ok(template)
}

/// The pull Secrets of the spec, and those of the default image if the pods run it.
fn pull_secrets(role: &DeployedRole) -> Vec<SecretRef> {
    let workload = role.family.workload;
    let mut secrets = workload.image_pull_secrets.clone();
    if workload.image.is_none() {
        for name in &role.platform.image_pull_secrets {
            let secret = SecretRef { name: name.clone() };
            if !secrets.contains(&secret) {
                secrets.push(secret);
            }
        }
    }
    secrets
}

/// Config and certificates are one volume, since a volume cannot be mounted inside another one that is read-only. All
/// users may read the files, since the cluster chooses the user.
fn volume(secrets: &RoleSecrets, migrate: Option<&RoleSecrets>, config: &str) -> Value {
    let mut sources = vec![json!({ "configMap": { "name": config, "items": [{ "key": FILE, "path": FILE }] } })];
    let mut files = secrets.files.clone();
    for file in migrate.iter().flat_map(|migrate| &migrate.files) {
        if !files.contains(file) {
            files.push(file.clone());
        }
    }
    sources.extend(files.iter().map(|file| {
        let path = worker_config::tls_file(file.server, file.key);
        json!({ "secret": { "name": file.secret, "items": [{ "key": file.key, "path": path }] } })
    }));
    json!({ "name": VOLUME, "projected": { "sources": sources } })
}
