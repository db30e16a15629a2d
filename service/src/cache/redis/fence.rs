//! Detects that the server lost writes that it had acknowledged.

use std::sync::{Mutex, PoisonError};

/// What the fence key contains: the id that it was made with, and the number of writes since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) id: String,
    pub(super) number: i64,
}

/// The last mark that this process saw.
#[derive(Debug, Default)]
pub(super) struct Fence {
    seen: Mutex<Option<Mark>>,
}

impl Fence {
    /// The present mark. Take it before a call, and pass it with the answer to [`Fence::went_back`].
    pub(super) fn seen(&self) -> Option<Mark> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the answer to a call that was sent when the mark was `before`. Returns whether writes were lost since.
    ///
    /// The answer is compared with the mark at the time of *sending*, because many tasks read the answers of one
    /// connection, in any order.
    pub(super) fn went_back(&self, before: Option<&Mark>, answer: Option<Mark>) -> bool {
        let lost = match (before, &answer) {
            (Some(before), Some(answer)) => answer.id != before.id || answer.number < before.number,
            (Some(_), None) => true,
            (None, _) => false,
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead = match (&*seen, &answer) {
            (Some(seen), Some(answer)) => seen.id == answer.id && seen.number >= answer.number,
            (Some(_), None) | (None, _) => false,
        };
        if lost || !ahead {
            *seen = answer;
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "as an answer holds it")]
    fn mark(id: &str, number: i64) -> Option<Mark> {
        Some(Mark { id: id.to_owned(), number })
    }

    #[test]
    fn answers_in_any_order_are_no_loss_and_a_lower_or_other_mark_is() {
        let fence = Fence::default();
        assert!(!fence.went_back(None, None));
        assert!(!fence.went_back(None, mark("a", 5)));
        let before = fence.seen();
        assert!(!fence.went_back(before.as_ref(), mark("a", 7)));
        assert!(!fence.went_back(before.as_ref(), mark("a", 6)), "sent at 5, looked at after 7");
        assert_eq!(fence.seen(), mark("a", 7));
        assert!(fence.went_back(fence.seen().as_ref(), mark("a", 6)), "a failover lost a write");
        assert_eq!(fence.seen(), mark("a", 6));
        assert!(fence.went_back(fence.seen().as_ref(), mark("b", 90)), "made anew, however many writes ago");
        assert!(fence.went_back(fence.seen().as_ref(), None), "flushed");
        assert!(!fence.went_back(fence.seen().as_ref(), mark("c", 1)), "counted already");
    }
}
