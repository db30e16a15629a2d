//! Decides whether a cached head may be served. No other code decides this.

use crate::{
    store::{HeadAt, Position},
    timestamp::Timestamp,
};

/// What a head is compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground {
    /// The generation that the pulse last read.
    pub(super) generation: i64,
    /// The store's epoch that the pulse last read.
    pub(super) epoch: i64,
    /// The database's clock.
    pub(super) now: Timestamp,
}

/// Why a cached head is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Distrust {
    /// The pulse was never read, so the present generation is not known.
    NoPulse,
    /// The generation was raised since: a cache may have missed a write.
    Generation,
    /// The store's history forked since: the rev may mean another state.
    Epoch,
    /// A change above it was announced, and may be committed.
    Announced,
    /// Something expired since.
    Due,
    /// The caller holds a newer state.
    BehindCaller,
}

/// Judges a cached head. `dirty` is the position up to which changes were announced; `at_least` is the position that
/// the caller holds.
pub(super) fn judge(
    head: &HeadAt,
    dirty: Option<Position>,
    at_least: Option<Position>,
    ground: Option<Ground>,
) -> Result<(), Distrust> {
    let Some(Ground { generation, epoch, now }) = ground else {
        return Err(Distrust::NoPulse);
    };
    let position = head.head.position();
    if head.generation < generation {
        Err(Distrust::Generation)
    } else if head.head.epoch.store < epoch {
        Err(Distrust::Epoch)
    } else if dirty > Some(position) {
        Err(Distrust::Announced)
    } else if head.head.is_due(now) {
        Err(Distrust::Due)
    } else if at_least > Some(position) {
        Err(Distrust::BehindCaller)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Epoch, Head};

    fn head(position: &str, generation: i64, next_due: Option<i64>) -> HeadAt {
        let Position { epoch, rev } = position.parse().unwrap();
        let next_due = next_due.map(Timestamp::from_micros);
        HeadAt { head: Head { epoch, rev, unread: 0, unseen: 0, read_upto: 0, seen_upto: 0, next_due }, generation }
    }

    #[test]
    fn only_a_head_that_nothing_speaks_against_is_served() {
        let ground = Some(Ground { generation: 7, epoch: 2, now: Timestamp::from_micros(1000) });
        let good = head("2.50-10", 7, Some(1001));
        assert_eq!(good.head.epoch, Epoch { store: 2, owner: 50 });
        let at = |text: &str| Some(text.parse::<Position>().unwrap());
        let cases = [
            (good, None, None, ground, Ok(())),
            (good, None, None, None, Err(Distrust::NoPulse)),
            (head("2.50-10", 8, None), None, None, ground, Ok(())),
            (head("2.50-10", 6, None), None, None, ground, Err(Distrust::Generation)),
            (head("3.50-10", 7, None), None, None, ground, Ok(())),
            (head("1.50-10", 7, None), None, None, ground, Err(Distrust::Epoch)),
            (good, at("2.50-10"), None, ground, Ok(())),
            (good, at("2.49-99"), None, ground, Ok(())),
            (good, at("2.50-11"), None, ground, Err(Distrust::Announced)),
            (good, at("2.51-1"), None, ground, Err(Distrust::Announced)),
            (head("2.50-10", 7, Some(1000)), None, None, ground, Err(Distrust::Due)),
            (good, None, at("2.50-10"), ground, Ok(())),
            (good, None, at("2.50-11"), ground, Err(Distrust::BehindCaller)),
            (good, None, at("1.99-99"), ground, Ok(())),
            (head("2.50-9", 7, None), at("2.50-9"), at("2.50-10"), ground, Err(Distrust::BehindCaller)),
            // Revs compare as numbers, not as text: 9 is below 10.
            (head("2.50-9", 7, None), at("2.50-10"), None, ground, Err(Distrust::Announced)),
        ];
        for (head, dirty, at_least, ground, expected) in cases {
            assert_eq!(judge(&head, dirty, at_least, ground), expected, "{head:?} {dirty:?} {at_least:?}");
        }
    }
}
