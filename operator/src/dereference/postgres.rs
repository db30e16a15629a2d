//! What a Postgres Secret amounts to.

use hoopoe_crds::secrets::{SecretRef, TlsRef};

use super::{DereferenceError, EnvFromSecret, Secrets, ServerSecrets, server::ServerKind, tls};

const POSTGRES: ServerKind = ServerKind {
    url: "HOOPOE_POSTGRES_URL",
    host: "HOOPOE_POSTGRES_HOST",
    port: "HOOPOE_POSTGRES_PORT",
    username: "HOOPOE_POSTGRES_USERNAME",
    password: "HOOPOE_POSTGRES_PASSWORD",
    schemes: &["postgres", "postgresql"],
    default_port: 5432,
    default_tls_port: 5432,
    uri_keys: &["uri", "fqdn-uri"],
    username_keys: &["username", "user"],
    wanted: "the key uri or fqdn-uri, or the keys host, username, password and dbname",
};

pub(super) fn read(
    secrets: &Secrets,
    reference: &SecretRef,
    tls: Option<&TlsRef>,
) -> Result<ServerSecrets, DereferenceError> {
    let server = POSTGRES.read(secrets, reference)?;
    let mut env = server.env;
    if server.in_parts {
        let key = ["dbname", "database"].into_iter().find(|key| secrets.bytes(reference, key).is_some());
        if let Some(key) = key {
            let secret = reference.name.clone();
            env.push(EnvFromSecret::Key { variable: "HOOPOE_POSTGRES_DATABASE", secret, key: key.to_owned() });
        }
        if tls.is_some() {
            let value = "verify-full".to_owned();
            env.push(EnvFromSecret::Literal { variable: "HOOPOE_POSTGRES_SSLMODE", value });
        }
    }
    Ok(ServerSecrets { env, files: tls::files(secrets, "postgres", tls)?, server: (server.host, server.port) })
}
