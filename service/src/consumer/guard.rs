//! The guard against crash loops: how much a process takes from its queue while some message may be killing it.
//!
//! Every unacknowledged message counts as delivered once more when its consumer dies, the innocent ones too. So a process starts
//! with one lane at prefetch 1, where only the culprit can be hurt, and takes its full share only after a message has shown that
//! this is safe.

/// From this delivery count on a message is a suspect: three consumers have died or closed while they held it.
pub(super) const SUSPECT: u64 = 3;

/// How much to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// One lane, prefetch 1.
    Probation,
    /// All lanes, full prefetch.
    Full,
}

/// What to do with a delivery, by its delivery count alone: nobody has parsed it yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Process it at the present pace.
    Process,
    /// Close this lane and go back to [`Pace::Probation`]: it must be held alone.
    SlowDown,
    /// Dead-letter it unparsed, class `crash_loop`.
    DeadLetter,
}

/// The delivery count from which a message is dead-lettered: half the broker's limit, and 10 at least, so that the broker's limit
/// stays the net below. 10 deaths with nothing else in hand convict it.
pub(super) fn crash_loop_limit(delivery_limit: u32) -> u64 {
    u64::from(delivery_limit / 2).max(10)
}

/// Judges one delivery.
pub(super) fn judge(pace: Pace, delivery_count: u64, limit: u64) -> Verdict {
    if delivery_count >= limit {
        return Verdict::DeadLetter;
    }
    match pace {
        Pace::Full if delivery_count >= SUSPECT => Verdict::SlowDown,
        Pace::Full | Pace::Probation => Verdict::Process,
    }
}

/// The pace after a message with this delivery count was acknowledged.
pub(super) fn after_ack(pace: Pace, delivery_count: u64) -> Pace {
    match pace {
        Pace::Probation if delivery_count < SUSPECT => Pace::Full,
        Pace::Probation => Pace::Probation,
        Pace::Full => Pace::Full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspect_is_held_alone_and_convicted_at_half_the_limit() {
        let limit = crash_loop_limit(20);
        assert_eq!(limit, 10);
        assert_eq!(crash_loop_limit(3), 10);
        assert_eq!(crash_loop_limit(100), 50);
        assert_eq!(judge(Pace::Full, 2, limit), Verdict::Process);
        assert_eq!(judge(Pace::Full, 3, limit), Verdict::SlowDown);
        assert_eq!(judge(Pace::Probation, 9, limit), Verdict::Process);
        assert_eq!(judge(Pace::Probation, 10, limit), Verdict::DeadLetter);
        assert_eq!(judge(Pace::Full, 10, limit), Verdict::DeadLetter);
    }

    #[test]
    fn only_an_acknowledged_innocent_ends_probation() {
        assert_eq!(after_ack(Pace::Probation, 3), Pace::Probation);
        assert_eq!(after_ack(Pace::Probation, 2), Pace::Full);
        assert_eq!(after_ack(Pace::Full, 9), Pace::Full);
    }

    /// A queue of 50 with one culprit, a process that dies whenever it holds the culprit at processing: only the culprit reaches
    /// the limit, and nobody else comes near it.
    #[test]
    fn only_the_culprit_is_convicted() {
        const CULPRIT: usize = 30;
        let limit = crash_loop_limit(20);
        let mut counts = [0_u64; 50];
        let mut done = [false; 50];
        let mut convicted = Vec::new();
        for _life in 0..200 {
            let mut pace = Pace::Probation;
            'life: loop {
                let share = if pace == Pace::Full { 1000 } else { 1 };
                let held: Vec<usize> = (0..50).filter(|i| !done[*i]).take(share).collect();
                if held.is_empty() {
                    break;
                }
                for &i in &held {
                    match judge(pace, counts[i], limit) {
                        Verdict::DeadLetter => {
                            convicted.push(i);
                            done[i] = true;
                        }
                        Verdict::SlowDown => {
                            held.iter().filter(|h| !done[**h]).for_each(|h| counts[*h] += 1);
                            pace = Pace::Probation;
                            continue 'life;
                        }
                        Verdict::Process if i == CULPRIT => {
                            held.iter().filter(|h| !done[**h]).for_each(|h| counts[*h] += 1);
                            break 'life;
                        }
                        Verdict::Process => {
                            done[i] = true;
                            pace = after_ack(pace, counts[i]);
                        }
                    }
                }
            }
        }
        assert_eq!(convicted, [CULPRIT]);
        assert!(done.iter().all(|done| *done));
        assert!(counts.iter().enumerate().all(|(i, count)| i == CULPRIT || *count < limit), "{counts:?}");
    }
}
