//! `/notif/register`: what its body asks for, and the envelope of its answers. `hoopoe dev` and the operator both serve
//! it.

use serde_json::{Value, json};

use crate::{
    manifest::Manifest,
    original::{Original, SecretNames},
};

/// Where it is served.
pub const PATH: &str = "/notif/register";
/// The largest registration, in bytes: a resource is at most 64 bindings and a page of settings.
pub const MAX_BYTES: usize = 256 * 1024;

/// What a registration asks for, whichever form its body has.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// One resource, or a producer before a consumer.
    pub resources: Vec<Requested>,
    /// The notification to send once the producer runs.
    pub notif_data: Option<Value>,
    /// A warning for each field that was accepted and has no effect.
    pub warnings: Vec<String>,
}

/// A resource that a registration asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Requested {
    /// As it was read.
    pub manifest: Manifest,
    /// As it was written: without the defaults that the manifest has.
    pub document: Value,
}

/// Why a body is no registration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// It is not JSON.
    #[error("failed to read the body as JSON: {0}")]
    NotJson(String),
    /// It is JSON, and a field is wrong.
    #[error("failed to read the registration: {field} {detail}")]
    Field {
        /// Its name; empty: the body as a whole.
        field: String,
        /// What is wrong with it.
        detail: String,
    },
}

impl Registration {
    /// Reads a body: a whole resource, or the original service's `producer_info` and `consumer_info`, which become
    /// resources of this namespace with these Secrets.
    pub fn read(body: &[u8], namespace: &str, secrets: &SecretNames<'_>) -> Result<Self, RegistrationError> {
        let document: Value =
            serde_json::from_slice(body).map_err(|error| RegistrationError::NotJson(error.to_string()))?;
        if document.get("kind").is_some() {
            let resources = vec![Requested::read(document)?];
            return Ok(Self { resources, notif_data: None, warnings: Vec::new() });
        }
        let original: Original = serde_json::from_value(document).map_err(|error| field("", error.to_string()))?;
        if original.producer_info.is_none() && original.consumer_info.is_none() {
            let detail = "it must be a NotifProducer or a NotifConsumer, or have producer_info or consumer_info";
            return Err(field("", detail));
        }
        let translated = original.translate(namespace, secrets);
        let resources = translated.manifests.into_iter().map(Requested::read).collect::<Result<_, _>>()?;
        Ok(Self { resources, notif_data: translated.notif_data, warnings: translated.warnings })
    }
}

impl Requested {
    fn read(document: Value) -> Result<Self, RegistrationError> {
        let manifest = Manifest::from_value(&document).map_err(|error| field("", error.to_string()))?;
        let manifest = manifest.ok_or_else(|| field("kind", "must be NotifProducer or NotifConsumer"))?;
        Ok(Self { manifest, document })
    }
}

fn field(field: &str, detail: impl Into<String>) -> RegistrationError {
    RegistrationError::Field { field: field.to_owned(), detail: detail.into() }
}

/// The envelope of the original service, for a success.
pub fn envelope(status: u16, message: &str, data: &Value) -> Value {
    json!({ "data": data, "message": message, "is_err": false, "status": status, "meta": null })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRETS: SecretNames<'_> = SecretNames { broker: "b", postgres: "p", redis: None };

    fn read(body: &Value) -> Result<Registration, RegistrationError> {
        Registration::read(body.to_string().as_bytes(), "team", &SECRETS)
    }

    #[test]
    fn a_resource_stays_as_it_was_written() {
        let body = json!({
            "apiVersion": "hoopoe.app/v1alpha1", "kind": "NotifProducer", "metadata": { "name": "orders" },
            "spec": { "broker": { "secretRef": { "name": "mine" } }, "exchange": { "name": "shop" } },
        });
        let read = read(&body).unwrap();
        assert_eq!(read.resources[0].document, body);
        assert_eq!((read.resources.len(), read.notif_data, read.warnings.len()), (1, None, 0));
    }

    #[test]
    fn the_originals_body_becomes_resources_of_the_namespace() {
        let read = read(&json!({
            "producer_info": { "exchange_name": "mails", "notif_data": { "a": 1 } },
            "consumer_info": { "queue": "q", "tag": "t", "exchange_name": "mails", "store_in_db": true },
        }))
        .unwrap();
        let kinds: Vec<_> = read.resources.iter().map(|one| one.manifest.kind()).collect();
        assert_eq!(kinds, ["NotifProducer", "NotifConsumer"]);
        assert!(read.resources.iter().all(|one| one.manifest.metadata().namespace == "team"));
        assert_eq!(read.notif_data, Some(json!({ "a": 1 })));
        assert_eq!(read.warnings.len(), 1);
    }

    #[test]
    fn other_bodies_are_refused() {
        for body in [json!({}), json!([1]), json!({ "kind": "Pod" }), json!({ "producer_info": { "name": "x" } })] {
            assert!(matches!(read(&body), Err(RegistrationError::Field { .. })), "{body}");
        }
        assert!(matches!(Registration::read(b"{", "team", &SECRETS), Err(RegistrationError::NotJson(_))));
    }
}
