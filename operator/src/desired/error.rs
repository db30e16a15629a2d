//! Why the children of a valid resource cannot be built.

use crate::status::StatusProblem;

/// Why the children of a valid resource cannot be built. A retry mends none of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DesiredError {
    /// `spec.podTemplate` does not fit the template that it patches.
    #[error("failed to apply {field}: {detail}")]
    PodTemplateUnfit {
        /// The path in the resource, e.g. `spec.podTemplate.spec.containers[0]`.
        field: String,
        /// What is wrong there.
        detail: String,
    },
    /// One of our documents could not be serialized.
    #[error("failed to write the config of the role {role}: {detail}")]
    ConfigUnwritable {
        /// `producer`, `consumer` or `api`.
        role: &'static str,
        /// Why.
        detail: String,
    },
}

impl DesiredError {
    /// The error in the words of a condition.
    pub fn problem(&self) -> StatusProblem {
        let reason = match self {
            Self::PodTemplateUnfit { .. } => "PodTemplateUnfit",
            Self::ConfigUnwritable { .. } => "ConfigUnwritable",
        };
        StatusProblem::lasting(reason, self.to_string())
    }
}
