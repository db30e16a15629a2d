//! Why a validated resource has no children.

use crate::status::StatusProblem;

/// Why a validated resource has no children. None of these is mended by a retry.
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
    /// A document of ours did not serialize.
    #[error("failed to write the config of the role {role}: {detail}")]
    ConfigUnwritable {
        /// `producer`, `consumer` or `api`.
        role: &'static str,
        /// Why.
        detail: String,
    },
}

impl DesiredError {
    /// In the words of a condition.
    pub fn problem(&self) -> StatusProblem {
        let reason = match self {
            Self::PodTemplateUnfit { .. } => "PodTemplateUnfit",
            Self::ConfigUnwritable { .. } => "ConfigUnwritable",
        };
        StatusProblem::lasting(reason, self.to_string())
    }
}
