//! Reads a Secret of Postgres.

use hoopoe_crds::{
    environment::{Server, Variable},
    secrets::{SecretRef, TlsRef},
};

use super::{DereferenceError, EnvFromSecret, Secrets, server::SecretKeys, server_secrets::ServerSecrets, tls};

const POSTGRES: SecretKeys = SecretKeys {
    server: Server::Postgres,
    uri: &["uri", "fqdn-uri"],
    username: &["username", "user"],
    wanted: "the key uri or fqdn-uri, or the keys host, username, password and dbname",
};

/// The keys that may hold the database's name.
const DATABASE: [&str; 2] = ["dbname", "database"];

pub(super) fn read(
    secrets: &Secrets,
    reference: &SecretRef,
    tls: Option<&TlsRef>,
) -> Result<ServerSecrets, DereferenceError> {
    let address = POSTGRES.read(secrets, reference)?;
    let mut env = address.env;
    if address.in_parts {
        if let Some(key) = DATABASE.into_iter().find(|key| secrets.bytes(reference, key).is_some()) {
            let (variable, secret) = (Server::Postgres.variable(Variable::Path), reference.name.clone());
            env.push(EnvFromSecret::Key { variable, secret, key: key.to_owned() });
        }
        if tls.is_some() {
            let (variable, value) = (Server::Postgres.variable(Variable::Encryption), "verify-full".to_owned());
            env.push(EnvFromSecret::Literal { variable, value });
        }
    }
    let files = tls::files(secrets, Server::Postgres, tls)?;
    Ok(ServerSecrets { env, files, server: (address.host, address.port) })
}
