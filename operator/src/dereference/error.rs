//! Why the Secrets of a resource cannot be used.

/// Why the Secrets of a resource cannot be used. Each of these faults may end: a Secret may appear or be corrected.
#[derive(Debug, thiserror::Error)]
pub enum DereferenceError {
    /// There is no such Secret.
    #[error("failed to find the Secret {name}: create it in the namespace of the resource")]
    SecretMissing {
        /// Its name.
        name: String,
    },
    /// The Secret has none of the keys that would serve.
    #[error("failed to find {wanted} in the Secret {secret}")]
    SecretKeyMissing {
        /// The Secret.
        secret: String,
        /// The key, or the keys that would serve.
        wanted: &'static str,
    },
    /// A key has a wrong value. The value is never shown.
    #[error("failed to read the key {key} of the Secret {secret}: {detail}")]
    SecretKeyInvalid {
        /// The Secret.
        secret: String,
        /// The key.
        key: &'static str,
        /// What it must be.
        detail: &'static str,
    },
    /// The API server did not answer, or refused.
    #[error("failed to read the Secret {name}: {source}")]
    SecretUnreadable {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
}

impl DereferenceError {
    /// The variant's name: a condition's reason, an Event's, a metric's label.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::SecretMissing { .. } => "SecretMissing",
            Self::SecretKeyMissing { .. } => "SecretKeyMissing",
            Self::SecretKeyInvalid { .. } => "SecretKeyInvalid",
            Self::SecretUnreadable { .. } => "SecretUnreadable",
        }
    }
}
