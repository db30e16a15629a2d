//! How long a watch that broke waits before it is tried again.

use std::time::Duration;

use kube::runtime::{utils::Backoff, watcher::DefaultBackoff};

/// The longest pause. The usual one grows to between 30 and 60 s and is taken twice: by the watch that finds the API
/// server back and learns that it missed too much, and by the list that follows. So an operator could see nothing for
/// two minutes after an outage of one. Only the leader watches, with a handful of watches, so it may ask more often.
const LONGEST: Duration = Duration::from_secs(10);

/// The usual pauses of Kubernetes' clients, none above [`LONGEST`].
#[derive(Default)]
pub struct WatchBackoff(DefaultBackoff);

impl Iterator for WatchBackoff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.0.next().map(|pause| pause.min(LONGEST))
    }
}

impl Backoff for WatchBackoff {
    fn reset(&mut self) {
        self.0.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_and_stays_short() {
        let pauses: Vec<Duration> = WatchBackoff::default().take(12).collect();
        assert!(pauses[0] < Duration::from_secs(2), "{pauses:?}");
        assert!(pauses[6..].iter().all(|pause| *pause == LONGEST), "{pauses:?}");
    }
}
