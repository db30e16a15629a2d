//! The guard against crash loops: how much a process takes from its queue while some message may be killing it.
//!
//! When a consumer dies, every message that it held counts one more delivery, also the innocent ones. So a process
//! starts with one lane at prefetch 1, where only the culprit can be hurt. It takes its full share only after a message
//! has shown that this is safe. A suspect that arrives after that is processed alone, after the rest of its batch is
//! acknowledged. We never close a channel because of a suspect, because closing counts like a death: two processes that
//! did so convicted innocent messages within five seconds of a broker's restart.

/// A message with at least this delivery count is a suspect: three consumers have died or closed while they held it.
pub(super) const SUSPECT: u64 = 3;

/// How much a process takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// One lane, prefetch 1.
    Probation,
    /// All lanes, full prefetch.
    Full,
}

/// What to do with a delivery. Only its delivery count decides, because it is not parsed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GuardVerdict {
    /// Process it at the present pace.
    Process,
    /// Process it alone, after the rest of its batch is acknowledged.
    ProcessAlone,
    /// Dead-letter it unparsed, with the class `crash_loop`.
    DeadLetter,
}

/// The delivery count from which a message is dead-lettered: half the broker's limit, but at least 10. The broker's own
/// limit is higher and catches what we miss. Ten deaths while the message was alone in hand are proof enough.
pub(super) fn crash_loop_limit(delivery_limit: u32) -> u64 {
    u64::from(delivery_limit / 2).max(10)
}

/// Judges one delivery.
pub(super) fn judge(pace: Pace, delivery_count: u64, limit: u64) -> GuardVerdict {
    if delivery_count >= limit {
        return GuardVerdict::DeadLetter;
    }
    match pace {
        Pace::Full if delivery_count >= SUSPECT => GuardVerdict::ProcessAlone,
        Pace::Full | Pace::Probation => GuardVerdict::Process,
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
        assert_eq!(judge(Pace::Full, 2, limit), GuardVerdict::Process);
        assert_eq!(judge(Pace::Full, 3, limit), GuardVerdict::ProcessAlone);
        assert_eq!(judge(Pace::Probation, 9, limit), GuardVerdict::Process);
        assert_eq!(judge(Pace::Probation, 10, limit), GuardVerdict::DeadLetter);
        assert_eq!(judge(Pace::Full, 10, limit), GuardVerdict::DeadLetter);
    }

    #[test]
    fn only_an_acknowledged_innocent_ends_probation() {
        assert_eq!(after_ack(Pace::Probation, 3), Pace::Probation);
        assert_eq!(after_ack(Pace::Probation, 2), Pace::Full);
        assert_eq!(after_ack(Pace::Full, 9), Pace::Full);
    }

    /// Simulates a process that dies and restarts on a queue, as the lanes behave. `deadly` kills the process that
    /// handles it; `broker_restarts` times the connection is lost with everything in hand. Returns the convicted
    /// messages and the counts.
    fn live(messages: usize, prefetch: usize, deadly: Option<usize>, broker_restarts: usize) -> (Vec<usize>, Vec<u64>) {
        let limit = crash_loop_limit(20);
        let mut counts = vec![0_u64; messages];
        let mut done = vec![false; messages];
        let mut convicted = Vec::new();
        let mut restarts = broker_restarts;
        for _life in 0..1000 {
            let mut pace = Pace::Probation;
            'life: loop {
                let share = if pace == Pace::Full { prefetch } else { 1 };
                let held: Vec<usize> = (0..messages).filter(|i| !done[*i]).take(share).collect();
                if held.is_empty() {
                    return (convicted, counts);
                }
                if restarts > 0 && pace == Pace::Full {
                    restarts -= 1;
                    for i in held {
                        counts[i] += 1;
                    }
                    pace = Pace::Probation;
                    continue;
                }
                let (mut alone, mut order): (Vec<usize>, Vec<usize>) =
                    held.iter().partition(|i| judge(pace, counts[**i], limit) == GuardVerdict::ProcessAlone);
                alone.sort_by_key(|i| counts[*i]);
                order.extend(alone);
                for i in order {
                    if judge(pace, counts[i], limit) == GuardVerdict::DeadLetter {
                        convicted.push(i);
                    } else if Some(i) == deadly {
                        held.iter().filter(|i| !done[**i]).for_each(|i| counts[*i] += 1);
                        break 'life;
                    }
                    done[i] = true;
                    pace = after_ack(pace, counts[i]);
                }
            }
        }
        panic!("not done after a thousand lives: {counts:?}");
    }

    #[test]
    fn only_the_culprit_is_convicted() {
        for culprit in [0, 1, 29, 49] {
            let (convicted, counts) = live(50, 1000, Some(culprit), 0);
            assert_eq!(convicted, [culprit]);
            let worst = counts.iter().enumerate().filter(|(i, _)| *i != culprit).map(|(_, count)| *count).max();
            assert!(worst < Some(6), "{counts:?}");
        }
    }

    /// However often the broker restarts, a message that killed no consumer is not convicted.
    #[test]
    fn lost_connections_convict_nobody() {
        for restarts in [1, 3, 5, 9] {
            let (convicted, counts) = live(3000, 2000, None, restarts);
            assert!(convicted.is_empty());
            let most = counts.iter().max().copied();
            assert!(
                most <= Some(restarts as u64),
                "{most:?}: something of ours adds to what the broker's restarts cost"
            );
        }
    }
}
