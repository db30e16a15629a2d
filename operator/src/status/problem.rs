//! Why something is not as asked, in the words of a condition.

/// Why something is not as asked. Made from a step's error: the variant's name and its sentence.
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
    /// Time, or a change outside the resource: it is tried again.
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
