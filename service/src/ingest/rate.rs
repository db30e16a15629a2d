//! The rate limit of one pod: a leaky bucket that lets a second's worth through at once.

use std::{num::NonZeroU32, time::Duration};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter, clock::Clock};

/// `limits.ratePerSecond`.
pub(super) struct RateLimit(Option<DefaultDirectRateLimiter>);

impl RateLimit {
    /// `None` and 0: no limit.
    pub(super) fn new(per_second: Option<u32>) -> Self {
        let quota = per_second.and_then(NonZeroU32::new).map(Quota::per_second);
        Self(quota.map(RateLimiter::direct))
    }

    /// Takes a token for one notification. An error says after how long the next token is there.
    pub(super) fn take(&self) -> Result<(), Duration> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        limiter.check().map_err(|refused| refused.wait_time_from(limiter.clock().now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_s_worth_passes_and_the_next_waits_its_turn() {
        let limit = RateLimit::new(Some(4));
        for _ in 0..4 {
            assert_eq!(limit.take(), Ok(()));
        }
        let wait = limit.take().unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_millis(250), "{wait:?}");
        assert!((0..10_000).all(|_| RateLimit::new(None).take().is_ok()));
    }
}
