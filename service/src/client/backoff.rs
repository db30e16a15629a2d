//! How long to wait before the next attempt.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_millis(50);
/// The longest wait that we choose ourselves.
const LONGEST: Duration = Duration::from_secs(2);

/// Waits that double from 50 ms to 2 s.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// The next wait: the wait that the server asked for, but never less than our own. `spread` (0 to 1) shortens our
    /// own by up to half, so that many clients do not come back at the same moment.
    pub fn next_wait(&mut self, asked: Option<Duration>, spread: f64) -> Duration {
        let ours = FIRST.saturating_mul(2u32.saturating_pow(self.attempts)).min(LONGEST);
        self.attempts = self.attempts.saturating_add(1);
        let ours = ours.mul_f64(1.0 - spread.clamp(0.0, 1.0) / 2.0);
        asked.map_or(ours, |asked| asked.max(ours))
    }

    /// Starts over after a success.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_obey_the_server() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..8).map(|_| backoff.next_wait(None, 0.0).as_millis()).collect();
        assert_eq!(waits, [50, 100, 200, 400, 800, 1600, 2000, 2000]);
        assert_eq!(backoff.next_wait(Some(Duration::from_secs(5)), 0.0), Duration::from_secs(5));
        assert_eq!(backoff.next_wait(Some(Duration::ZERO), 1.0), Duration::from_secs(1));
        backoff.reset();
        assert_eq!(backoff.next_wait(None, 1.0), Duration::from_millis(25));
    }
}
