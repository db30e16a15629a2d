//! How every measure is taken: both sides in turns, so that other load on the machine hits both, and then the median of
//! the rounds.

/// How many rounds count. One more round before them warms up.
pub fn rounds() -> usize {
    std::env::var("HOOPOE_BENCH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(5)
}

/// Which measures were asked for.
pub struct Only(String);

impl Only {
    pub fn from_env() -> Self {
        Self(std::env::var("HOOPOE_BENCH").unwrap_or_default())
    }

    pub fn wants(&self, name: &str) -> bool {
        self.0.is_empty() || self.0.split(',').any(|part| name.contains(part.trim()))
    }
}

/// One part and its limit, over the rounds.
#[derive(Default)]
pub struct Sides {
    ours: Vec<f64>,
    limit: Vec<f64>,
}

impl Sides {
    pub fn add(&mut self, ours: f64, limit: f64) {
        self.ours.push(ours);
        self.limit.push(limit);
    }

    pub fn ours(&self) -> f64 {
        median(&self.ours)
    }

    pub fn limit(&self) -> f64 {
        median(&self.limit)
    }

    /// The median of the ratios of the rounds, because the two sides of one round ran close together.
    pub fn ratio(&self) -> f64 {
        median(&self.ours.iter().zip(&self.limit).map(|(ours, limit)| ours / limit).collect::<Vec<_>>())
    }
}

pub fn median(of: &[f64]) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
