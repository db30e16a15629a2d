//! Why something is not as wanted, in the words of a condition.

/// Why something is not as wanted. It is made from a step's error: the name of the variant, and its sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusProblem {
    /// The name of the error's variant; also the Event's reason and the metric's label.
    pub reason: &'static str,
    /// One sentence: why, and what to do.
    pub message: String,
    /// What mends it.
    pub mends: Mends,
}

/// What mends a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mends {
    /// Time, or a change outside the resource: the operator retries.
    Retry,
    /// Only a change of the resource, or of an obstacle outside it: `Stalled`.
    Change,
}

impl StatusProblem {
    /// A problem that a retry may mend.
    pub fn passing(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), mends: Mends::Retry }
    }

    /// A problem that no retry can mend.
    pub fn lasting(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), mends: Mends::Change }
    }
}
