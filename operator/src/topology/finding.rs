//! What was seen on a broker that no write of ours mends, in words that fit every kind of broker.

use crate::status::StatusProblem;

/// What was seen on a broker that no write of ours mends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its name, for a condition's reason.
    pub reason: &'static str,
    /// One sentence: why, and what to do.
    pub message: String,
    /// What follows from it.
    pub meaning: Meaning,
}

/// What follows from a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It is worth a note, and nothing is wrong.
    Note,
    /// The exchange of this name is not there yet: what is bound to it follows once it is.
    ExchangeMissing(String),
    /// Something may remove it without a change of the resource: it is looked at again.
    Passing,
    /// Another resource holds the queue.
    Taken,
    /// Only a change of the resource, or a hand on the broker, mends it.
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
            // The other resource may go, and the object may be removed by hand: it is looked at again.
            Meaning::Taken | Meaning::Lasting => Some(StatusProblem::lasting(self.reason, self.message.clone())),
        }
    }
}
