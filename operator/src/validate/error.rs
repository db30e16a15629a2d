//! Why a resource is not valid.

use hoopoe_crds::Invalid;

use crate::status::StatusProblem;

/// Why a resource is not valid. Only a change of it helps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValidateError {
    /// Rules are broken, at least one.
    #[error("failed to validate: {}", sentence(.0))]
    FieldsInvalid(Vec<Invalid>),
}

impl ValidateError {
    /// The error in the words of a condition.
    pub fn problem(&self) -> StatusProblem {
        let Self::FieldsInvalid(_) = self;
        StatusProblem::lasting("FieldsInvalid", self.to_string())
    }
}

fn sentence(broken: &[Invalid]) -> String {
    let each: Vec<_> = broken.iter().map(|invalid| format!("{} {}", invalid.field, invalid.detail)).collect();
    each.join("; ")
}
