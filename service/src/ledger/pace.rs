//! When the next notification is due.

use std::time::Duration;

/// A steady rate. After an outage the sender catches up, as applications do.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    per_second: f64,
}

impl Pace {
    /// A pace of this many notifications a second.
    pub fn new(per_second: f64) -> Self {
        Self { per_second }
    }

    /// How many notifications are due after this time.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "never negative, and bounded by the plan"
    )]
    pub fn due(self, elapsed: Duration) -> u64 {
        (elapsed.as_secs_f64() * self.per_second) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_kept_over_any_stretch() {
        let pace = Pace::new(2.5);
        assert_eq!(pace.due(Duration::ZERO), 0);
        assert_eq!(pace.due(Duration::from_millis(1_999)), 4);
        assert_eq!(pace.due(Duration::from_hours(1)), 9_000);
    }
}
