//! What a Redis Secret amounts to.

use hoopoe_crds::secrets::RedisRef;

use super::{DereferenceError, EnvFromSecret, Secrets, ServerSecrets, server::ServerKind, tls};

const REDIS: ServerKind = ServerKind {
    url: "HOOPOE_REDIS_URL",
    host: "HOOPOE_REDIS_HOST",
    port: "HOOPOE_REDIS_PORT",
    username: "HOOPOE_REDIS_USERNAME",
    password: "HOOPOE_REDIS_PASSWORD",
    schemes: &["redis", "rediss"],
    default_port: 6379,
    default_tls_port: 6379,
    uri_keys: &["uri"],
    username_keys: &["username"],
    wanted: "the key uri, or the keys host and password",
};

pub(super) fn read(secrets: &Secrets, redis: &RedisRef) -> Result<ServerSecrets, DereferenceError> {
    let RedisRef { secret_ref, tls } = redis;
    let server = REDIS.read(secrets, secret_ref)?;
    let mut env = server.env;
    if server.in_parts && tls.is_some() {
        env.push(EnvFromSecret::Literal { variable: "HOOPOE_REDIS_TLS", value: "true".to_owned() });
    }
    Ok(ServerSecrets { env, files: tls::files(secrets, "redis", tls.as_ref())?, server: (server.host, server.port) })
}
