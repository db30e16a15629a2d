//! The Secrets of a resource without a cluster: those given beside the manifests, and a guess for each of the others.
//!
//! Of a Secret's value only a hash is printed: a pod takes the value by a reference to its key.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use hoopoe_crds::{
    environment::{MANAGEMENT_PORT, Server},
    secrets::{BrokerRef, TlsRef},
};
use k8s_openapi::{ByteString, api::core::v1::Secret};

use super::either::EitherSpec;
use crate::dereference::{SecretReader, tls};

/// Given Secrets, and a guess for those that one resource needs beside them.
pub struct AssumedSecrets<'a> {
    given: &'a [Secret],
    guesses: BTreeMap<String, Vec<(&'static str, String)>>,
    assumed: Mutex<BTreeSet<String>>,
}

impl<'a> AssumedSecrets<'a> {
    /// For one resource. A guess holds the key `uri`, and the keys of certificates where those are asked for.
    pub fn new(given: &'a [Secret], spec: &EitherSpec) -> Self {
        let mut secrets = Self { given, guesses: BTreeMap::new(), assumed: Mutex::default() };
        match spec {
            EitherSpec::Producer(producer) => secrets.guess_broker(&producer.broker),
            EitherSpec::Consumer(consumer) => {
                secrets.guess_broker(&consumer.broker);
                let postgres = &consumer.postgres;
                for reference in std::iter::once(&postgres.secret_ref).chain(&postgres.migration_secret_ref) {
                    secrets.guess_uri(&reference.name, Server::Postgres);
                }
                secrets.guess_tls(postgres.tls.as_ref());
                if let Some(redis) = &consumer.redis {
                    secrets.guess_uri(&redis.secret_ref.name, Server::Redis);
                    secrets.guess_tls(redis.tls.as_ref());
                }
            }
        }
        secrets
    }

    /// The names of those that were asked for and not given.
    pub fn assumed(&self) -> BTreeSet<String> {
        self.assumed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn guess_broker(&mut self, broker: &BrokerRef) {
        self.guess_uri(&broker.secret_ref.name, Server::Broker);
        if let Some(management) = &broker.management_secret_ref {
            self.guess(
                &management.name,
                "managementUri",
                format!("http://user:password@{}:{MANAGEMENT_PORT}", management.name),
            );
        }
        self.guess_tls(broker.tls.as_ref());
    }

    fn guess_uri(&mut self, name: &str, server: Server) {
        let scheme = server.schemes()[0];
        self.guess(name, "uri", format!("{scheme}://user:password@{name}"));
    }

    fn guess_tls(&mut self, tls: Option<&TlsRef>) {
        let Some(TlsRef { ca_secret_ref, cert_secret_ref, server_name: _ }) = tls else { return };
        if let Some(reference) = ca_secret_ref {
            self.guess(&reference.name, tls::CA, String::from("assumed"));
        }
        if let Some(reference) = cert_secret_ref {
            self.guess(&reference.name, tls::CERTIFICATE, String::from("assumed"));
            self.guess(&reference.name, tls::KEY, String::from("assumed"));
        }
    }

    fn guess(&mut self, name: &str, key: &'static str, value: String) {
        self.guesses.entry(name.to_owned()).or_default().push((key, value));
    }
}

#[async_trait::async_trait]
impl SecretReader for AssumedSecrets<'_> {
    async fn get(&self, namespace: &str, name: &str) -> Result<Option<Arc<Secret>>, kube::Error> {
        if let Some(secret) = find(self.given, namespace, name) {
            return Ok(Some(secret));
        }
        let Some(keys) = self.guesses.get(name) else { return Ok(None) };
        self.assumed.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        let data =
            keys.iter().map(|(key, value)| ((*key).to_owned(), ByteString(value.clone().into_bytes()))).collect();
        Ok(Some(Arc::new(Secret { data: Some(data), ..Secret::default() })))
    }
}

/// One of the given Secrets, `stringData` in `data` as the API server does it.
pub(super) fn find(given: &[Secret], namespace: &str, name: &str) -> Option<Arc<Secret>> {
    let is_it = |secret: &&Secret| {
        let metadata = &secret.metadata;
        metadata.name.as_deref() == Some(name) && metadata.namespace.as_deref().is_none_or(|its| its == namespace)
    };
    let mut secret = given.iter().find(is_it)?.clone();
    let texts = secret.string_data.take().unwrap_or_default();
    let bytes = texts.into_iter().map(|(key, text)| (key, ByteString(text.into_bytes())));
    secret.data.get_or_insert_default().extend(bytes);
    Some(Arc::new(secret))
}
