//! The resources that were registered at run time, kept in one file across restarts.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};

use hoopoe_crds::Manifest;
use serde_json::Value;
use tracing::warn;

use super::DevError;

/// The file of registered manifests.
pub(super) struct Remembered {
    path: PathBuf,
}

impl Remembered {
    /// The file in this folder, which must exist.
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join("registered.json") }
    }

    /// The registered resources. An entry that this build cannot read is skipped, not deleted.
    pub(super) fn read(&self) -> Result<Vec<Manifest>, DevError> {
        if !self.path.exists() {
            return Ok(Vec::new());
        }
        let text = std::fs::read_to_string(&self.path).map_err(|source| self.failed(source))?;
        let values: Vec<Value> = serde_json::from_str(&text).map_err(|error| self.failed(error.into()))?;
        let mut manifests = Vec::new();
        for value in values {
            match Manifest::from_value(&value) {
                Ok(Some(manifest)) => manifests.push(manifest),
                Ok(None) => warn!("skipping a registered resource: its kind is not NotifProducer or NotifConsumer"),
                Err(error) => warn!(%error, "skipping a registered resource that cannot be read"),
            }
        }
        Ok(manifests)
    }

    /// Replaces the whole file at once: after a crash it holds either the old content or the new.
    pub(super) fn write<'a>(&self, manifests: impl Iterator<Item = &'a Manifest>) -> Result<(), DevError> {
        let values: Vec<Value> = manifests.map(Manifest::to_value).collect();
        let new = self.path.with_extension("json.new");
        let replace = || {
            let mut file = File::create(&new)?;
            file.write_all(serde_json::to_string_pretty(&values)?.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&new, &self.path)
        };
        replace().map_err(|source| self.failed(source))
    }

    fn failed(&self, source: std::io::Error) -> DevError {
        DevError::File { path: self.path.clone(), source }
    }
}
