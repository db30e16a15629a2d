//! The manifests that a command is given with `-f`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use hoopoe_crds::{Manifest, ManifestError};
use k8s_openapi::api::core::v1::Secret;
use serde::Deserialize;
use serde_json::Value;

/// What the files hold.
#[derive(Debug, Default)]
pub struct Given {
    /// Our resources, in the order of the files.
    pub resources: Vec<Document>,
    /// Secrets that stand beside them.
    pub secrets: Vec<Secret>,
    /// Everything else, `Kind name`.
    pub others: Vec<String>,
}

/// One of our resources.
#[derive(Debug)]
pub struct Document {
    /// As it was read, with every default.
    pub manifest: Manifest,
    /// As it was written. A field that is not in it may be set by another manager.
    pub written: Value,
}

/// Why the files could not be read as manifests.
#[derive(Debug, thiserror::Error)]
pub enum GivenError {
    /// A file or folder cannot be read.
    #[error("failed to read {path}: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A document is not YAML.
    #[error("failed to read {path}: {detail}")]
    NotYaml {
        /// Which file.
        path: PathBuf,
        /// What and where.
        detail: String,
    },
    /// A document of ours is wrong.
    #[error("{path}: {source}")]
    Manifest {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: ManifestError,
    },
    /// None of the files holds one of our resources.
    #[error("failed to find a NotifProducer or NotifConsumer in the files given with -f")]
    Nothing,
}

impl Given {
    /// Reads files, and the `.yaml`, `.yml` and `.json` files of folders in the order of their names; `-` is the
    /// standard input.
    pub fn read(filenames: &[PathBuf]) -> Result<Self, GivenError> {
        let mut given = Self::default();
        for path in filenames {
            for file in files_of(path)? {
                let unreadable = |source| GivenError::Unreadable { path: file.clone(), source };
                let text =
                    if file == Path::new("-") { io::read_to_string(io::stdin()) } else { fs::read_to_string(&file) };
                given.take(&file, &text.map_err(unreadable)?)?;
            }
        }
        if given.resources.is_empty() { Err(GivenError::Nothing) } else { Ok(given) }
    }

    fn take(&mut self, path: &Path, text: &str) -> Result<(), GivenError> {
        let not_yaml = |detail: String| GivenError::NotYaml { path: path.to_owned(), detail };
        for document in serde_yaml::Deserializer::from_str(text) {
            // Not read straight into JSON: if a key occurred twice, the second value would silently win.
            let yaml = serde_yaml::Value::deserialize(document).map_err(|error| not_yaml(error.to_string()))?;
            let written = serde_json::to_value(yaml).map_err(|error| not_yaml(error.to_string()))?;
            if written.is_null() {
                continue;
            }
            let read = Manifest::from_value(&written);
            if let Some(manifest) = read.map_err(|source| GivenError::Manifest { path: path.to_owned(), source })? {
                self.resources.push(Document { manifest, written });
            } else if written["kind"] == "Secret" && written["apiVersion"] == "v1" {
                self.secrets.push(serde_json::from_value(written).map_err(|error| not_yaml(error.to_string()))?);
            } else {
                let text = |pointer: &str| written.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
                self.others.push(format!("{} {}", text("/kind"), text("/metadata/name")));
            }
        }
        Ok(())
    }
}

fn files_of(path: &Path) -> Result<Vec<PathBuf>, GivenError> {
    if path == Path::new("-") {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |source| GivenError::Unreadable { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let extension = file.extension().and_then(|extension| extension.to_str());
        if file.is_file() && matches!(extension, Some("yaml" | "yml" | "json")) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_all_kinds_are_sorted_out() {
        let text = "
apiVersion: hoopoe.app/v1alpha1
kind: NotifProducer
metadata: {name: orders}
spec: {broker: {secretRef: {name: b}}, exchange: {name: shop}}
---
# nothing
---
{apiVersion: v1, kind: Secret, metadata: {name: b}, stringData: {uri: amqp://u:p@h}}
---
{apiVersion: v1, kind: Service, metadata: {name: web}}
";
        let mut given = Given::default();
        given.take(Path::new("x.yaml"), text).unwrap();
        assert_eq!((given.resources.len(), given.secrets.len(), given.others), (1, 1, vec!["Service web".to_owned()]));
        assert!(given.resources[0].written["spec"].get("replicas").is_none());
        let twice = given_error("kind: NotifProducer\nkind: NotifProducer");
        assert!(twice.contains("x.yaml") && twice.contains("duplicate"), "{twice}");
        let misspelt = given_error("{apiVersion: hoopoe.app/v1alpha1, kind: NotifProduce, metadata: {name: a}}");
        assert!(misspelt.contains("no such kind"), "{misspelt}");
    }

    fn given_error(text: &str) -> String {
        Given::default().take(Path::new("x.yaml"), text).unwrap_err().to_string()
    }
}
