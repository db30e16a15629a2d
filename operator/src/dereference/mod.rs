//! Step 1: fetch what a resource points at. Its Secrets become the address of a broker, and the environment and files of its workers.
//!
//! [`producer`] and [`consumer`] only fetch; what the Secrets amount to is read from plain data (`broker`, `postgres`, `redis`).

mod access;
mod broker;
mod error;
mod fingerprint;
mod postgres;
mod redis;
mod secrets;
mod server;
mod tls;

use hoopoe_crds::{consumer::NotifConsumerSpec, producer::NotifProducerSpec};

pub use access::{BrokerAccess, EnvFromSecret, ManagementAccess, RoleSecrets, SecretFile, TlsMaterial, WorkerSecrets};
pub use error::DereferenceError;
pub use secrets::{SecretReader, Secrets, consumer_names, producer_names};

/// What a resource's Secrets amount to.
#[derive(Clone, Debug)]
pub struct Dereferenced {
    /// How the operator reaches the broker.
    pub broker: BrokerAccess,
    /// What the pods take.
    pub workers: WorkerSecrets,
}

/// Fetches the Secrets of a producer and reads them. `uid`: the resource's, the key of the hashes.
pub async fn producer(
    reader: &impl SecretReader,
    namespace: &str,
    uid: &str,
    spec: &NotifProducerSpec,
) -> Result<Dereferenced, DereferenceError> {
    let secrets = Secrets::fetch(reader, namespace, &producer_names(spec)).await?;
    producer_from(&secrets, uid, spec)
}

/// Fetches the Secrets of a consumer and reads them. `uid`: the resource's, the key of the hashes.
pub async fn consumer(
    reader: &impl SecretReader,
    namespace: &str,
    uid: &str,
    spec: &NotifConsumerSpec,
) -> Result<Dereferenced, DereferenceError> {
    let secrets = Secrets::fetch(reader, namespace, &consumer_names(spec)).await?;
    consumer_from(&secrets, uid, spec)
}

/// What a producer's Secrets amount to.
pub fn producer_from(secrets: &Secrets, uid: &str, spec: &NotifProducerSpec) -> Result<Dereferenced, DereferenceError> {
    let broker = broker::read(secrets, &spec.broker)?;
    let worker = RoleSecrets::of(secrets, uid, &[&broker.part]);
    let servers = vec![broker.part.server.clone()];
    let workers = WorkerSecrets { worker, servers, ..WorkerSecrets::default() };
    Ok(Dereferenced { broker: broker.access, workers })
}

/// What a consumer's Secrets amount to.
pub fn consumer_from(secrets: &Secrets, uid: &str, spec: &NotifConsumerSpec) -> Result<Dereferenced, DereferenceError> {
    let broker = broker::read(secrets, &spec.broker)?;
    let postgres = postgres::read(secrets, &spec.postgres.secret_ref, spec.postgres.tls.as_ref())?;
    let migration = match &spec.postgres.migration_secret_ref {
        Some(reference) => postgres::read(secrets, reference, spec.postgres.tls.as_ref())?,
        None => postgres.clone(),
    };
    let redis = spec.redis.as_ref().map(|redis| redis::read(secrets, redis)).transpose()?;
    let stores: Vec<&Part> = std::iter::once(&postgres).chain(&redis).collect();
    let all: Vec<&Part> = std::iter::once(&broker.part).chain(stores.iter().copied()).collect();
    let mut servers: Vec<_> = all.iter().chain([&&migration]).map(|part| part.server.clone()).collect();
    servers.sort();
    servers.dedup();
    let workers = WorkerSecrets {
        worker: RoleSecrets::of(secrets, uid, &all),
        api: RoleSecrets::of(secrets, uid, &stores),
        migrate: RoleSecrets::of(secrets, uid, &[&migration]),
        servers,
    };
    Ok(Dereferenced { broker: broker.access, workers })
}

/// What a container takes to reach one server.
#[derive(Clone, Debug)]
struct Part {
    env: Vec<EnvFromSecret>,
    files: Vec<SecretFile>,
    server: (String, u16),
}

impl RoleSecrets {
    fn of(secrets: &Secrets, uid: &str, parts: &[&Part]) -> Self {
        let env: Vec<_> = parts.iter().flat_map(|part| part.env.clone()).collect();
        let files: Vec<_> = parts.iter().flat_map(|part| part.files.clone()).collect();
        let hash = fingerprint::of(secrets, uid, &env, &files);
        Self { env, files, hash }
    }
}

#[cfg(test)]
mod tests;
