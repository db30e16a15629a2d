//! What happened to each message of a group.
//!
//! lapin hands a returned message to the confirm that resolves next, so a confirm does not say which message was
//! returned. But the broker sends a return before the confirm of the same message: once the whole group is confirmed,
//! all its returns have arrived.

use std::collections::HashSet;

use crate::broker::PublishError;

/// What the broker said about one message, apart from a return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Confirm {
    /// The broker took responsibility.
    Ack,
    /// The broker refused the message.
    Nack,
    /// The channel or the connection was lost first.
    Failed(PublishError),
    /// No answer came in time.
    Missing,
}

/// The fates of messages `first`, `first + 1`, …, from their confirms, the numbers of the returned messages, and what a
/// missing confirm means.
pub(super) fn fates(
    confirms: &[Confirm],
    first: i64,
    returned: &HashSet<i64>,
    missing: &PublishError,
) -> Vec<Result<(), PublishError>> {
    let doubt = doubt(confirms, first, returned, missing);
    let fate = |(number, confirm): (i64, &Confirm)| {
        if returned.contains(&number) {
            return Err(PublishError::Unroutable);
        }
        match (confirm, &doubt) {
            (Confirm::Ack, None) => Ok(()),
            (Confirm::Ack, Some(doubt)) => Err(doubt.clone()),
            (Confirm::Nack, _) => Err(PublishError::Nacked),
            // One message makes the broker close the channel. The messages behind it find the channel closed, for the
            // same reason.
            (Confirm::Failed(PublishError::Unavailable), Some(PublishError::ExchangeMissing)) => {
                Err(PublishError::ExchangeMissing)
            }
            (Confirm::Failed(error), _) => Err(error.clone()),
            (Confirm::Missing, _) => Err(missing.clone()),
        }
    };
    (first..).zip(confirms).map(fate).collect()
}

/// The fate of an acknowledged message while its return may still be on its way; `None` if it cannot be.
fn doubt(confirms: &[Confirm], first: i64, returned: &HashSet<i64>, missing: &PublishError) -> Option<PublishError> {
    let failures = confirms.iter().filter_map(|confirm| match confirm {
        Confirm::Ack | Confirm::Nack => None,
        Confirm::Failed(error) => Some(error),
        Confirm::Missing => Some(missing),
    });
    // A returned number outside this group means that the numbering is broken, so the whole group counts as failed.
    let count = i64::try_from(confirms.len()).unwrap_or(i64::MAX);
    let stray = returned.iter().any(|number| *number < first || *number >= first.saturating_add(count));
    let worst = failures.max_by_key(|error| **error == PublishError::ExchangeMissing).cloned();
    worst.or_else(|| stray.then(|| missing.clone()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const LATE: PublishError = PublishError::Timeout(Duration::from_secs(5));

    #[test]
    fn a_whole_group_is_matched_by_number() {
        let confirms = [Confirm::Ack, Confirm::Ack, Confirm::Nack];
        let fates = fates(&confirms, 7, &HashSet::from([8]), &LATE);
        assert_eq!(fates, [Ok(()), Err(PublishError::Unroutable), Err(PublishError::Nacked)]);
    }

    #[test]
    fn an_acknowledged_message_of_an_incomplete_group_is_in_doubt() {
        let fates = fates(&[Confirm::Ack, Confirm::Missing], 1, &HashSet::new(), &LATE);
        assert_eq!(fates, [Err(LATE), Err(LATE)]);
    }

    #[test]
    fn a_closed_channel_means_a_missing_exchange_for_all_behind_it() {
        let confirms =
            [Confirm::Failed(PublishError::ExchangeMissing), Confirm::Failed(PublishError::Unavailable), Confirm::Ack];
        let fates = fates(&confirms, 1, &HashSet::new(), &LATE);
        assert_eq!(fates, vec![Err(PublishError::ExchangeMissing); 3]);
    }

    #[test]
    fn a_stray_return_puts_the_group_in_doubt() {
        assert_eq!(fates(&[Confirm::Ack], 5, &HashSet::from([4]), &LATE), [Err(LATE)]);
    }

    fn any_confirm() -> impl Strategy<Value = Confirm> {
        prop_oneof![
            4 => Just(Confirm::Ack),
            1 => Just(Confirm::Nack),
            1 => Just(Confirm::Missing),
            1 => Just(Confirm::Failed(PublishError::Unavailable)),
            1 => Just(Confirm::Failed(PublishError::ExchangeMissing)),
        ]
    }

    proptest! {
        #[test]
        fn success_needs_every_confirm_of_the_group_and_no_return_of_its_own(
            confirms in prop::collection::vec(any_confirm(), 0..64),
            first in 0..1_000_i64,
            returned in prop::collection::hash_set(0..1_100_i64, 0..8),
        ) {
            let whole = confirms.iter().all(|confirm| matches!(confirm, Confirm::Ack | Confirm::Nack));
            let fates = fates(&confirms, first, &returned, &LATE);
            prop_assert_eq!(fates.len(), confirms.len());
            for (number, (fate, confirm)) in (first..).zip(fates.iter().zip(&confirms)) {
                if fate.is_ok() {
                    prop_assert!(whole && *confirm == Confirm::Ack && !returned.contains(&number));
                }
                prop_assert_eq!(returned.contains(&number), *fate == Err(PublishError::Unroutable));
            }
        }
    }
}
