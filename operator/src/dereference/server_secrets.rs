//! What a container takes from Secrets to reach one server, and what that makes for all its servers.

use super::{
    access::{EnvFromSecret, RoleSecrets, SecretFile},
    fingerprint,
    secrets::Secrets,
};

/// What a container takes to reach one server.
#[derive(Clone, Debug)]
pub(super) struct ServerSecrets {
    pub env: Vec<EnvFromSecret>,
    pub files: Vec<SecretFile>,
    /// Its host and port.
    pub server: (String, u16),
}

impl RoleSecrets {
    /// Everything that a container takes to reach these servers.
    pub(super) fn of(secrets: &Secrets, uid: &str, parts: &[&ServerSecrets]) -> Self {
        let env: Vec<_> = parts.iter().flat_map(|part| part.env.clone()).collect();
        let files: Vec<_> = parts.iter().flat_map(|part| part.files.clone()).collect();
        let hash = fingerprint::of(secrets, uid, &env, &files);
        Self { env, files, hash }
    }
}
