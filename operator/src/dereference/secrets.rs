//! The Secrets of one resource, fetched.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use hoopoe_crds::{
    consumer::NotifConsumerSpec,
    producer::NotifProducerSpec,
    secrets::{BrokerRef, SecretRef, TlsRef},
};
use k8s_openapi::api::core::v1::Secret;

use super::DereferenceError;

/// A source of Secrets: the API server, or a cache of its answers.
#[async_trait::async_trait]
pub trait SecretReader: Send + Sync {
    /// The Secret; `None`: there is none of that name.
    async fn get(&self, namespace: &str, name: &str) -> Result<Option<Arc<Secret>>, kube::Error>;
}

/// The Secrets that a resource names. A missing one is an error only once its keys are needed.
#[derive(Debug, Default)]
pub struct Secrets(BTreeMap<String, Arc<Secret>>);

impl Secrets {
    pub(super) async fn fetch(
        reader: &impl SecretReader,
        namespace: &str,
        names: &BTreeSet<String>,
    ) -> Result<Self, DereferenceError> {
        let mut secrets = BTreeMap::new();
        for name in names {
            let unreadable =
                |source| DereferenceError::SecretUnreadable { name: name.clone(), source: Box::new(source) };
            if let Some(secret) = reader.get(namespace, name).await.map_err(unreadable)? {
                secrets.insert(name.clone(), secret);
            }
        }
        Ok(Self(secrets))
    }

    /// From plain data: names, keys and values.
    pub fn from_data<'a>(data: impl IntoIterator<Item = (&'a str, &'a [(&'a str, &'a str)])>) -> Self {
        let secret = |keys: &[(&str, &str)]| Secret {
            data: Some(
                keys.iter()
                    .map(|(key, value)| ((*key).to_owned(), k8s_openapi::ByteString(value.as_bytes().to_vec())))
                    .collect(),
            ),
            ..Secret::default()
        };
        Self(data.into_iter().map(|(name, keys)| (name.to_owned(), Arc::new(secret(keys)))).collect())
    }

    /// The Secret of a reference must be there.
    pub(super) fn must_exist(&self, reference: &SecretRef) -> Result<(), DereferenceError> {
        if self.0.contains_key(&reference.name) {
            return Ok(());
        }
        Err(DereferenceError::SecretMissing { name: reference.name.clone() })
    }

    /// The bytes of a key; `None` where Secret or key is missing, or the value is empty.
    pub(super) fn bytes(&self, reference: &SecretRef, key: &str) -> Option<&[u8]> {
        self.raw(&reference.name, key)
    }

    /// The same, by the Secret's name.
    pub(super) fn raw(&self, secret: &str, key: &str) -> Option<&[u8]> {
        let data = self.0.get(secret)?.data.as_ref()?;
        data.get(key).map(|value| value.0.as_slice()).filter(|value| !value.is_empty())
    }

    /// The text of a key; an error if it is no UTF-8.
    pub(super) fn text(&self, reference: &SecretRef, key: &'static str) -> Result<Option<&str>, DereferenceError> {
        let Some(bytes) = self.bytes(reference, key) else { return Ok(None) };
        let invalid = |_| DereferenceError::SecretKeyInvalid {
            secret: reference.name.clone(),
            key,
            detail: "it must be UTF-8 text",
        };
        std::str::from_utf8(bytes).map(Some).map_err(invalid)
    }

    pub(super) fn need(&self, reference: &SecretRef, key: &'static str) -> Result<&[u8], DereferenceError> {
        self.must_exist(reference)?;
        self.bytes(reference, key)
            .ok_or_else(|| DereferenceError::SecretKeyMissing { secret: reference.name.clone(), wanted: key })
    }
}

/// The names of all Secrets that a producer points at.
pub(super) fn producer_names(spec: &NotifProducerSpec) -> BTreeSet<String> {
    broker_references(&spec.broker).map(|reference| reference.name.clone()).collect()
}

/// The names of all Secrets that a consumer points at.
pub(super) fn consumer_names(spec: &NotifConsumerSpec) -> BTreeSet<String> {
    let postgres = &spec.postgres;
    let stores = [Some(&postgres.secret_ref), postgres.migration_secret_ref.as_ref()].into_iter().flatten();
    let redis = spec
        .redis
        .iter()
        .flat_map(|redis| std::iter::once(&redis.secret_ref).chain(tls_references(redis.tls.as_ref())));
    broker_references(&spec.broker)
        .chain(stores)
        .chain(tls_references(postgres.tls.as_ref()))
        .chain(redis)
        .map(|reference| reference.name.clone())
        .collect()
}

fn broker_references(broker: &BrokerRef) -> impl Iterator<Item = &SecretRef> {
    let BrokerRef { secret_ref, management_secret_ref, vhost: _, tls } = broker;
    std::iter::once(secret_ref).chain(management_secret_ref).chain(tls_references(tls.as_ref()))
}

fn tls_references(tls: Option<&TlsRef>) -> impl Iterator<Item = &SecretRef> {
    tls.into_iter().flat_map(|tls| {
        let TlsRef { ca_secret_ref, cert_secret_ref, server_name: _ } = tls;
        ca_secret_ref.iter().chain(cert_secret_ref)
    })
}
