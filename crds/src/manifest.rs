//! Manifests as `kubectl apply` takes them: one or more YAML documents in a text.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    consumer::NotifConsumerSpec, producer::NotifProducerSpec, unknown_keys::unknown_keys, workload::Workload, yaml,
};

/// The group and version of both resources.
pub const API_VERSION: &str = "hoopoe.app/v1alpha1";

/// How the `apiVersion` of every version of our group starts.
const GROUP_PREFIX: &str = "hoopoe.app/";

/// One of our resources.
#[derive(Clone, Debug, PartialEq)]
pub enum Manifest {
    /// A `NotifProducer`.
    Producer(Box<Resource<NotifProducerSpec>>),
    /// A `NotifConsumer`.
    Consumer(Box<Resource<NotifConsumerSpec>>),
}

/// A resource as its author writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resource<S> {
    /// `hoopoe.app/v1alpha1`.
    pub api_version: String,
    /// `NotifProducer` or `NotifConsumer`.
    pub kind: String,
    /// Its name and where it is.
    pub metadata: Metadata,
    /// What is asked for.
    pub spec: S,
}

/// A resource's name and where it is. Other keys of Kubernetes' metadata are taken and ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-kubernetes-preserve-unknown-fields" = true))]
pub struct Metadata {
    /// A DNS label of at most 40 bytes.
    pub name: String,
    /// Default `default`.
    #[serde(default = "default_namespace")]
    pub namespace: String,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// Why a text holds no manifests.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not YAML.
    #[error("failed to read document {document}: {detail}")]
    Yaml {
        /// Which document of the text, from 1.
        document: usize,
        /// What and where.
        detail: String,
    },
    /// A field is missing or has another type.
    #[error("failed to read {kind} {name}: {detail}")]
    Field {
        /// The resource's kind.
        kind: String,
        /// The resource's name.
        name: String,
        /// What and where.
        detail: String,
    },
    /// Keys that the type does not know.
    #[error("failed to read {kind} {name}: these fields do not exist: {}", .keys.join(", "))]
    UnknownKeys {
        /// The resource's kind.
        kind: String,
        /// The resource's name.
        name: String,
        /// Their paths.
        keys: Vec<String>,
    },
    /// Our group has no such kind: without this error a typing mistake would pass for a resource of another program.
    #[error("failed to read {kind} {name}: {API_VERSION} has no such kind, only NotifProducer and NotifConsumer")]
    Kind {
        /// The kind that it names.
        kind: String,
        /// The resource's name.
        name: String,
    },
    /// Another version of our group.
    #[error("failed to read {kind} {name}: apiVersion must be {API_VERSION}")]
    Version {
        /// The resource's kind.
        kind: String,
        /// The resource's name.
        name: String,
    },
}

impl Manifest {
    /// Reads every document of a text. Documents of other kinds are not read; the second list names them, as `Kind
    /// name`.
    pub fn read_all(text: &str) -> Result<(Vec<Self>, Vec<String>), ManifestError> {
        let mut manifests = Vec::new();
        let mut others = Vec::new();
        for (index, document) in serde_yaml::Deserializer::from_str(text).enumerate() {
            let unreadable = |detail: String| ManifestError::Yaml { document: index + 1, detail };
            let value = yaml::from_document(document).map_err(unreadable)?;
            if value.is_null() {
                continue;
            }
            if text_at(&value, "/kind").is_empty() {
                return Err(unreadable("it has no kind".to_owned()));
            }
            match Self::from_value(&value)? {
                Some(manifest) => manifests.push(manifest),
                None => others.push(format!("{} {}", text_at(&value, "/kind"), text_at(&value, "/metadata/name"))),
            }
        }
        Ok((manifests, others))
    }

    /// Reads one document; `None`: another kind.
    pub fn from_value(value: &Value) -> Result<Option<Self>, ManifestError> {
        let kind = text_at(value, "/kind");
        if kind != "NotifProducer" && kind != "NotifConsumer" {
            if text_at(value, "/apiVersion").starts_with(GROUP_PREFIX) {
                return Err(ManifestError::Kind { kind, name: text_at(value, "/metadata/name") });
            }
            return Ok(None);
        }
        if text_at(value, "/apiVersion") != API_VERSION {
            return Err(ManifestError::Version { kind, name: text_at(value, "/metadata/name") });
        }
        let manifest = if kind == "NotifProducer" {
            Self::Producer(Box::new(read(value)?))
        } else {
            Self::Consumer(Box::new(read(value)?))
        };
        Ok(Some(manifest))
    }

    /// The resource's kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Producer(_) => "NotifProducer",
            Self::Consumer(_) => "NotifConsumer",
        }
    }

    /// The resource's name and where it is.
    pub fn metadata(&self) -> &Metadata {
        match self {
            Self::Producer(producer) => &producer.metadata,
            Self::Consumer(consumer) => &consumer.metadata,
        }
    }

    /// The document.
    pub fn to_value(&self) -> Value {
        let value = match self {
            Self::Producer(producer) => serde_json::to_value(producer),
            Self::Consumer(consumer) => serde_json::to_value(consumer),
        };
        // Structs of strings, numbers and JSON with string keys always serialize.
        value.unwrap_or_default()
    }
}

fn read<S: DeserializeOwned + JsonSchema>(value: &Value) -> Result<Resource<S>, ManifestError> {
    let (kind, name) = (text_at(value, "/kind"), text_at(value, "/metadata/name"));
    let mut document = value.clone();
    if let Some(object) = document.as_object_mut() {
        // What `kubectl get -o yaml` prints can be read again.
        object.remove("status");
    }
    let keys = unknown_keys::<Resource<S>>(&document);
    if !keys.is_empty() {
        return Err(ManifestError::UnknownKeys { kind, name, keys });
    }
    serde_path_to_error::deserialize(&document).map_err(|error| {
        // Errors of a flattened struct have lost their path. Read alone, the struct still gives it.
        let flattened =
            document.get("spec").and_then(|spec| serde_path_to_error::deserialize::<_, Workload>(spec).err());
        let detail = flattened.map_or_else(|| error.to_string(), |error| format!("spec.{error}"));
        ManifestError::Field { kind, name, detail }
    })
}

fn text_at(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn default_namespace() -> String {
    "default".to_owned()
}
