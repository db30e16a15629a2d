//! The load shapes: what arrives in each second, what a worker does in a second, and what fails.

use hoopoe_crds::{Span, consumer::Scaling};

use super::random::Random;

const MINUTE: usize = 60;
const HOUR: usize = 3600;

pub struct Shape {
    pub name: &'static str,
    /// What the shape shows, in a few words.
    pub about: &'static str,
    pub scaling: Scaling,
    pub seconds: Vec<Second>,
    pub bounds: Bounds,
}

#[derive(Clone, Copy)]
pub struct Second {
    pub arrivals: f64,
    /// How much one worker does per second.
    pub per_worker: f64,
    pub away: Away,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Away {
    Nothing,
    /// Nothing arrives, is done, or can be read; senders retry.
    Broker,
    /// Workers keep the messages that they hold.
    Database,
}

/// Bounds that the replay must keep to.
pub struct Bounds {
    /// For how many seconds the oldest message may have waited.
    pub lag: f64,
    /// How often the count may change per hour.
    pub changes: f64,
    /// The ratio of pod-hours to those of an oracle, which runs exactly the workers that the arrivals of each second
    /// need.
    pub pods: f64,
}

fn scaling(min: i32, max: i32) -> Scaling {
    Scaling {
        min,
        max,
        target_drain: Span::from_secs(30),
        stabilization: Span::from_secs(120),
        idle: Span::from_secs(300),
    }
}

fn seconds(count: usize, per_worker: f64, arrivals: impl FnMut(usize) -> f64) -> Vec<Second> {
    let second = |arrivals| Second { arrivals, per_worker, away: Away::Nothing };
    (0..count).map(arrivals).map(second).collect()
}

/// Interpolates between points of (minute, value).
fn between(points: &[(usize, f64)], second: usize) -> f64 {
    let pair = points.windows(2).find(|pair| second < pair[1].0 * MINUTE).unwrap();
    let span = ((pair[1].0 - pair[0].0) * MINUTE) as f64;
    pair[0].1 + (pair[1].1 - pair[0].1) * (second - pair[0].0 * MINUTE) as f64 / span
}

pub fn all() -> Vec<Shape> {
    vec![step(), ramp(), burst(), day(), broker_away(), database_away(), noisy(), slower()]
}

fn step() -> Shape {
    Shape {
        name: "Step",
        about: "200/s, then 3,000/s for 30 minutes; a worker does 500/s",
        scaling: scaling(1, 20),
        seconds: seconds(HOUR + 10 * MINUTE, 500.0, |s| {
            if (10 * MINUTE..40 * MINUTE).contains(&s) { 3000.0 } else { 200.0 }
        }),
        bounds: Bounds { lag: 20.0, changes: 10.0, pods: 1.6 },
    }
}

fn ramp() -> Shape {
    let points = [(0, 100.0), (10, 100.0), (60, 5000.0), (80, 5000.0), (120, 100.0), (150, 100.0)];
    Shape {
        name: "Ramp",
        about: "100/s to 5,000/s in 50 minutes, and back",
        scaling: scaling(1, 20),
        seconds: seconds(150 * MINUTE, 500.0, |s| between(&points, s)),
        bounds: Bounds { lag: 6.0, changes: 11.0, pods: 1.3 },
    }
}

fn burst() -> Shape {
    Shape {
        name: "Burst",
        about: "60,000 messages in a minute, every 40 minutes, and nothing else; min 0",
        scaling: scaling(0, 20),
        seconds: seconds(2 * HOUR, 500.0, |s| {
            if (5 * MINUTE..6 * MINUTE).contains(&(s % (40 * MINUTE))) { 1000.0 } else { 0.0 }
        }),
        bounds: Bounds { lag: 25.0, changes: 12.0, pods: 8.0 },
    }
}

fn day() -> Shape {
    let mut random = Random::new(1);
    let points = [
        (0, 300.0),
        (180, 100.0),
        (300, 100.0),
        (480, 2500.0),
        (720, 4000.0),
        (840, 3000.0),
        (1080, 4500.0),
        (1260, 1500.0),
        (1440, 300.0),
    ];
    Shape {
        name: "Day",
        about: "24 hours from 100/s at night to 4,500/s in the evening, ±15 %",
        scaling: scaling(1, 20),
        seconds: seconds(24 * HOUR, 500.0, |s| between(&points, s) * (0.85 + 0.3 * random.next())),
        bounds: Bounds { lag: 8.0, changes: 3.0, pods: 1.3 },
    }
}

fn broker_away() -> Shape {
    let mut shape = Shape {
        name: "Broker away",
        about: "1,500/s; the broker is away for 10 minutes, then senders retry at twice the rate",
        scaling: scaling(0, 20),
        seconds: seconds(HOUR + 10 * MINUTE, 500.0, |s| {
            if (30 * MINUTE..40 * MINUTE).contains(&s) { 3000.0 } else { 1500.0 }
        }),
        bounds: Bounds { lag: 25.0, changes: 11.0, pods: 2.0 },
    };
    for second in &mut shape.seconds[20 * MINUTE..30 * MINUTE] {
        (second.away, second.arrivals) = (Away::Broker, 0.0);
    }
    shape
}

fn database_away() -> Shape {
    let mut shape = Shape {
        name: "Database away",
        about: "1,500/s; nothing is stored for 10 minutes: the count stays",
        scaling: scaling(1, 20),
        seconds: seconds(HOUR + 10 * MINUTE, 500.0, |_| 1500.0),
        bounds: Bounds { lag: 620.0, changes: 14.0, pods: 2.3 },
    };
    for second in &mut shape.seconds[20 * MINUTE..30 * MINUTE] {
        second.away = Away::Database;
    }
    shape
}

fn noisy() -> Shape {
    let mut random = Random::new(2);
    let mut level = 1500.0_f64;
    Shape {
        name: "Noisy",
        about: "a level that wanders between 300/s and 3,000/s, ±60 % in every second",
        scaling: scaling(1, 20),
        seconds: seconds(4 * HOUR, 500.0, |_| {
            level = (level + (random.next() - 0.5) * 60.0).clamp(300.0, 3000.0);
            level * (0.4 + 1.2 * random.next())
        }),
        bounds: Bounds { lag: 20.0, changes: 11.0, pods: 1.5 },
    }
}

fn slower() -> Shape {
    let mut shape = Shape {
        name: "Slower",
        about: "1,200/s; a worker does 125/s for an hour, then 500/s again",
        scaling: scaling(1, 20),
        seconds: seconds(4 * HOUR, 500.0, |_| 1200.0),
        bounds: Bounds { lag: 30.0, changes: 6.0, pods: 2.0 },
    };
    for second in &mut shape.seconds[30 * MINUTE..90 * MINUTE] {
        second.per_worker = 125.0;
    }
    shape
}
