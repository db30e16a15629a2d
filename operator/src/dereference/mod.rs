//! Step 2: fetch the Secrets that a resource names. They give the address of its broker, and the environment and files
//! of its workers.
//!
//! [`dereference`] only fetches; `broker`, `postgres` and `redis` read the Secrets from plain data.

mod access;
mod broker;
mod error;
mod fingerprint;
mod postgres;
mod redis;
mod secrets;
mod server;
mod server_secrets;
pub mod tls;

use std::collections::BTreeSet;

use hoopoe_crds::{consumer::NotifConsumerSpec, producer::NotifProducerSpec};

use crate::resource::Meta;

pub use access::{BrokerAccess, EnvFromSecret, ManagementAccess, RoleSecrets, SecretFile, TlsMaterial, WorkerSecrets};
pub use error::DereferenceError;
pub use secrets::{SecretReader, Secrets};

use secrets::{consumer_names, producer_names};
use server_secrets::ServerSecrets;

/// What a resource's Secrets say.
#[derive(Clone, Debug)]
pub struct Dereferenced {
    /// How the operator reaches the broker.
    pub broker: BrokerAccess,
    /// What the pods take.
    pub workers: WorkerSecrets,
}

/// A spec as this step sees it.
pub trait PointsAtSecrets: Send + Sync {
    /// The names of all Secrets that it points at.
    fn secret_names(&self) -> BTreeSet<String>;

    /// What those Secrets say. `uid`: the resource's, the key of the hashes.
    fn read_secrets(&self, secrets: &Secrets, uid: &str) -> Result<Dereferenced, DereferenceError>;
}

impl PointsAtSecrets for NotifProducerSpec {
    fn secret_names(&self) -> BTreeSet<String> {
        producer_names(self)
    }

    fn read_secrets(&self, secrets: &Secrets, uid: &str) -> Result<Dereferenced, DereferenceError> {
        producer_from(secrets, uid, self)
    }
}

impl PointsAtSecrets for NotifConsumerSpec {
    fn secret_names(&self) -> BTreeSet<String> {
        consumer_names(self)
    }

    fn read_secrets(&self, secrets: &Secrets, uid: &str) -> Result<Dereferenced, DereferenceError> {
        consumer_from(secrets, uid, self)
    }
}

/// Fetches the Secrets of a resource and reads them. The spec need not be valid: a deletion needs its broker, whatever
/// today's rules say.
pub async fn dereference<S: PointsAtSecrets>(
    meta: &Meta,
    spec: &S,
    reader: &impl SecretReader,
) -> Result<Dereferenced, DereferenceError> {
    let secrets = Secrets::fetch(reader, &meta.id.namespace, &spec.secret_names()).await?;
    spec.read_secrets(&secrets, &meta.uid)
}

/// What a producer's Secrets say.
pub fn producer_from(secrets: &Secrets, uid: &str, spec: &NotifProducerSpec) -> Result<Dereferenced, DereferenceError> {
    let broker = broker::read(secrets, &spec.broker)?;
    let worker = RoleSecrets::of(secrets, uid, &[&broker.part]);
    let servers = vec![broker.part.server.clone()];
    let workers = WorkerSecrets { worker, servers, ..WorkerSecrets::default() };
    Ok(Dereferenced { broker: broker.access, workers })
}

/// What a consumer's Secrets say.
pub fn consumer_from(secrets: &Secrets, uid: &str, spec: &NotifConsumerSpec) -> Result<Dereferenced, DereferenceError> {
    let broker = broker::read(secrets, &spec.broker)?;
    let postgres = postgres::read(secrets, &spec.postgres.secret_ref, spec.postgres.tls.as_ref())?;
    let migration = match &spec.postgres.migration_secret_ref {
        Some(reference) => postgres::read(secrets, reference, spec.postgres.tls.as_ref())?,
        None => postgres.clone(),
    };
    let redis = spec.redis.as_ref().map(|redis| redis::read(secrets, redis)).transpose()?;
    let stores: Vec<&ServerSecrets> = std::iter::once(&postgres).chain(&redis).collect();
    let all: Vec<&ServerSecrets> = std::iter::once(&broker.part).chain(stores.iter().copied()).collect();
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

#[cfg(test)]
mod tests;
