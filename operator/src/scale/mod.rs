//! How many workers run: one pure function of the spec, the scaler's decision and the live count.

mod replicas;

pub use replicas::{Replicas, replicas};
