//! A queue, its workers and the statistics of its broker, second by second.

use std::time::{Duration, Instant};

use hoopoe_operator::scale::{Reason, Sample, Window, decide};

use super::shapes::{Away, Second, Shape};

/// How long after the request a pod works: it is scheduled, starts, and opens its lanes.
const START_SECONDS: usize = 12;
/// The broker updates its statistics every five seconds, and the scaler decides as often.
const INTERVAL: usize = 5;

/// What was the case in each second.
pub struct Replay {
    pub arrivals: Vec<f64>,
    pub done: Vec<f64>,
    pub asked: Vec<i32>,
    pub live: Vec<usize>,
    pub oracle: Vec<i32>,
    /// How long the oldest message has waited.
    pub lag: Vec<f64>,
    pub reasons: Vec<Reason>,
    pub worst_lag: f64,
    pub changes_per_hour: f64,
    pub pod_hours: f64,
    pub oracle_pod_hours: f64,
}

struct Queue {
    arrived: Vec<f64>,
    done: f64,
}

impl Queue {
    fn waiting(&self) -> f64 {
        self.arrived.last().copied().unwrap_or(0.0) - self.done
    }

    /// Seconds since the arrival of the oldest message that is not done.
    fn lag(&self) -> f64 {
        // A rounding error is not a message.
        if self.waiting() < 1.0 {
            return 0.0;
        }
        let oldest = self.arrived.partition_point(|arrived| *arrived <= self.done);
        (self.arrived.len() - oldest) as f64
    }
}

pub fn replay(shape: &Shape) -> Replay {
    let start = Instant::now();
    let mut queue = Queue { arrived: Vec::new(), done: 0.0 };
    let mut window = Window::default();
    let mut asked = shape.scaling.min;
    // For each pod, the second from which on it works.
    let mut pods: Vec<usize> = vec![0; usize::try_from(asked).unwrap()];
    let mut replay = Replay {
        arrivals: Vec::new(),
        done: Vec::new(),
        asked: Vec::new(),
        live: Vec::new(),
        oracle: Vec::new(),
        lag: Vec::new(),
        reasons: Vec::new(),
        worst_lag: 0.0,
        changes_per_hour: 0.0,
        pod_hours: 0.0,
        oracle_pod_hours: 0.0,
    };
    for (now, second) in shape.seconds.iter().enumerate() {
        let live = pods.iter().filter(|works_from| **works_from <= now).count();
        let before = queue.arrived.last().copied().unwrap_or(0.0);
        queue.arrived.push(before + second.arrivals);
        let able = if second.away == Away::Nothing { live as f64 * second.per_worker } else { 0.0 };
        let done = queue.waiting().min(able);
        queue.done += done;
        replay.arrivals.push(second.arrivals);
        replay.done.push(done);
        replay.live.push(live);
        replay.oracle.push(oracle(second, shape));
        replay.lag.push(queue.lag());
        if now % INTERVAL == 0 {
            let at = start + Duration::from_secs(now as u64);
            if second.away != Away::Broker {
                window.record(sample(at, &queue, &replay, second, live), &shape.scaling);
            }
            let decision = decide(&shape.scaling, &window, at, asked);
            assert!((shape.scaling.min..=shape.scaling.max).contains(&decision.replicas), "{decision:?}");
            replay.reasons.push(decision.reason);
            asked = decision.replicas;
            let wanted = usize::try_from(asked).unwrap();
            pods.truncate(wanted);
            pods.resize(wanted, now + START_SECONDS);
        }
        replay.asked.push(asked);
    }
    summed_up(replay)
}

/// Rates as the broker reports them: those of the five seconds before the last five.
fn sample(at: Instant, queue: &Queue, replay: &Replay, second: &Second, live: usize) -> Sample {
    let rate = |of: &[f64]| {
        let until = of.len().saturating_sub(INTERVAL);
        let from = until.saturating_sub(INTERVAL);
        of[from..until].iter().sum::<f64>() / INTERVAL as f64
    };
    // Whole messages. The workers hold as many as they do in half a second.
    let waiting = queue.waiting().max(0.0).floor();
    let unacked = waiting.min(live as f64 * second.per_worker / 2.0).floor();
    Sample {
        at,
        ready: (waiting - unacked) as u64,
        unacked: unacked as u64,
        arrival_rate: Some(rate(&replay.arrivals)),
        acknowledge_rate: Some(rate(&replay.done)),
        workers: u32::try_from(live).unwrap(),
    }
}

/// Exactly the workers that the arrivals of this second need.
fn oracle(second: &Second, shape: &Shape) -> i32 {
    ((second.arrivals / second.per_worker).ceil() as i32).clamp(shape.scaling.min, shape.scaling.max)
}

fn summed_up(mut replay: Replay) -> Replay {
    let hours = replay.asked.len() as f64 / 3600.0;
    let changes = replay.asked.windows(2).filter(|pair| pair[0] != pair[1]).count();
    replay.changes_per_hour = changes as f64 / hours;
    replay.worst_lag = replay.lag.iter().copied().fold(0.0, f64::max);
    replay.pod_hours = f64::from(replay.asked.iter().sum::<i32>()) / 3600.0;
    replay.oracle_pod_hours = f64::from(replay.oracle.iter().sum::<i32>()) / 3600.0;
    replay
}
