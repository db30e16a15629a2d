//! Faults on a broker that our writes cannot mend, in words that fit every kind of broker.

use crate::status::StatusProblem;

/// A fault on a broker that our writes cannot mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its name, for a condition's reason.
    pub reason: &'static str,
    /// One sentence: why, and what to do.
    pub message: String,
    /// What it means for the resource.
    pub meaning: Meaning,
}

/// What a finding means for the resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It is only a note: nothing is wrong.
    Note,
    /// The exchange of this name does not exist yet. The bindings to it follow once it does.
    ExchangeMissing(String),
    /// It may end without a change of the resource, so we look again.
    Passing,
    /// Another resource holds the queue.
    Taken,
    /// Only a change of the resource, or a user on the broker, can mend it.
    Lasting,
}

impl Finding {
    /// As a condition says it; `None`: nothing is wrong.
    pub fn problem(&self) -> Option<StatusProblem> {
        match self.meaning {
            Meaning::Note => None,
            Meaning::ExchangeMissing(_) | Meaning::Passing => {
                Some(StatusProblem::passing(self.reason, self.message.clone()))
            }
            // The other resource may be deleted, and the object may be removed by hand, so we look again.
            Meaning::Taken | Meaning::Lasting => Some(StatusProblem::lasting(self.reason, self.message.clone())),
        }
    }
}
