//! Reads a Secret of Redis.

use hoopoe_crds::{
    environment::{Server, Variable},
    secrets::RedisRef,
};

use super::{DereferenceError, EnvFromSecret, Secrets, server::SecretKeys, server_secrets::ServerSecrets, tls};

const REDIS: SecretKeys = SecretKeys {
    server: Server::Redis,
    uri: &["uri"],
    username: &["username"],
    wanted: "the key uri, or the keys host and password",
};

pub(super) fn read(secrets: &Secrets, redis: &RedisRef) -> Result<ServerSecrets, DereferenceError> {
    let RedisRef { secret_ref, tls } = redis;
    let address = REDIS.read(secrets, secret_ref)?;
    let mut env = address.env;
    if address.in_parts && tls.is_some() {
        let variable = Server::Redis.variable(Variable::Encryption);
        env.push(EnvFromSecret::Literal { variable, value: "true".to_owned() });
    }
    let files = tls::files(secrets, Server::Redis, tls.as_ref())?;
    Ok(ServerSecrets { env, files, server: (address.host, address.port) })
}
