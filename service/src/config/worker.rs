//! The worker's configuration file.

use std::path::{Path, PathBuf};

use hoopoe_crds::{WorkerConfig, worker_config::WorkerConfigError};

/// Why the configuration of a worker cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("failed to read {path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It does not contain a `WorkerConfig`.
    #[error("{path}: {source}")]
    Content {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: WorkerConfigError,
    },
    /// It lacks the section of this role.
    #[error("failed to start: {path} has no key `{role}`")]
    NoRole {
        /// Which file.
        path: PathBuf,
        /// The role, which is the key's name.
        role: &'static str,
    },
}

/// Reads the file. Also returns the paths of keys that this build does not know.
pub fn load(path: &Path) -> Result<(WorkerConfig, Vec<String>), ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
    WorkerConfig::from_yaml(&text).map_err(|source| ConfigError::Content { path: path.to_owned(), source })
}
