//! The `WorkerConfig` of one role: an immutable `ConfigMap`, named by a hash of its content.

use std::{fmt::Write, path::PathBuf};

use hoopoe_crds::{
    WorkerConfig,
    environment::Server,
    secrets::TlsRef,
    worker_config::{TelemetryConfig, TlsConfig},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Child, ChildKind, DesiredError, Platform, metadata::Family};
use crate::dereference::{RoleSecrets, tls};

/// The key in the `ConfigMap`, and the file's name.
pub(super) const FILE: &str = "worker.yaml";
/// Where a worker's files are: its config, and certificates below `tls/`.
pub(super) const FOLDER: &str = "/etc/hoopoe";

/// How many of the hash's bytes are in the name. If two configs of one child had the same name, the old one would be
/// kept; that takes 2^32 of them.
const HASH_BYTES: usize = 8;

/// What the operator adds: the paths of the files that it mounts, and the endpoint of its own traces.
pub(super) fn finished(
    config: WorkerConfig,
    platform: &Platform,
    secrets: &RoleSecrets,
    broker: Option<&TlsRef>,
    postgres: Option<&TlsRef>,
    redis: Option<&TlsRef>,
) -> WorkerConfig {
    let telemetry = TelemetryConfig {
        otlp_endpoint: config.telemetry.otlp_endpoint.clone().or_else(|| platform.otlp_endpoint.clone()),
        ..config.telemetry
    };
    WorkerConfig {
        broker_tls: tls_config(secrets, Server::Broker, broker),
        postgres_tls: tls_config(secrets, Server::Postgres, postgres),
        redis_tls: tls_config(secrets, Server::Redis, redis),
        telemetry,
        ..config
    }
}

/// Where a file of a Secret is, below [`FOLDER`].
pub(super) fn tls_file(server: Server, key: &str) -> String {
    format!("tls/{}/{key}", server.name())
}

/// Where a file of a Secret is in the pod.
pub(super) fn path_of(secrets: &RoleSecrets, server: Server, key: &str) -> Option<PathBuf> {
    let file = secrets.files.iter().find(|file| file.server == server && file.key == key)?;
    Some(PathBuf::from(format!("{FOLDER}/{}", tls_file(file.server, file.key))))
}

fn tls_config(secrets: &RoleSecrets, server: Server, reference: Option<&TlsRef>) -> TlsConfig {
    TlsConfig {
        ca_file: path_of(secrets, server, tls::CA),
        cert_file: path_of(secrets, server, tls::CERTIFICATE),
        key_file: path_of(secrets, server, tls::KEY),
        server_name: reference.and_then(|reference| reference.server_name.clone()),
    }
}

/// The `ConfigMap`.
pub(super) fn config_map(family: &Family, config: &WorkerConfig) -> Result<Child, DesiredError> {
    let role = family.component.as_str();
    let unwritable = |detail: String| DesiredError::ConfigUnwritable { role, detail };
    let mut document = serde_json::to_value(config).map_err(|error| unwritable(error.to_string()))?;
    omit_defaults(&mut document, config);
    let text = serde_yaml::to_string(&document).map_err(|error| unwritable(error.to_string()))?;
    let digest = Sha256::digest(text.as_bytes());
    let mut name = format!("{}-", family.name());
    for byte in digest.iter().take(HASH_BYTES) {
        // Writing to a String cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    Ok(family.child(ChildKind::ConfigMap, name, json!({ "immutable": true, "data": { FILE: text } })))
}

/// Drops every key that is at its default: an older worker image then reads only keys that were set on purpose.
fn omit_defaults(document: &mut Value, config: &WorkerConfig) {
    let mut paths = vec![String::new()];
    while let Some(path) = paths.pop() {
        let Some(Value::Object(map)) = document.pointer(&path) else { continue };
        let keys: Vec<String> = map.keys().cloned().collect();
        for key in keys {
            let Some(Value::Object(map)) = document.pointer_mut(&path) else { continue };
            let Some(value) = map.remove(&key) else { continue };
            if serde_json::from_value::<WorkerConfig>(document.clone()).is_ok_and(|read| read == *config) {
                continue;
            }
            if let Some(Value::Object(map)) = document.pointer_mut(&path) {
                map.insert(key.clone(), value);
            }
            paths.push(format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")));
        }
    }
}
