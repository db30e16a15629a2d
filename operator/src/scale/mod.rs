//! How many workers run: [`replicas`], a pure function of the spec, the scaler's decision and the live count; and that
//! decision.
//!
//! The broker's poller feeds a [`Scaler`] with a [`Sample`] of each queue every five seconds; the reconciler asks it
//! for an [`Outlook`]. [`decide`] and [`backlog_band`] are pure and see only a [`Window`] of samples. `README.md`
//! beside this file shows what comes of them.

mod band;
mod decide;
mod replicas;
mod sample;
mod scaler;
mod throughput;
mod window;

pub use band::{LastingBand, backlog_band};
pub use decide::{Decision, Reason, decide};
pub use replicas::{Replicas, replicas};
pub use sample::Sample;
pub use scaler::{Outlook, Scaler, unscaled};
pub use throughput::Throughput;
pub use window::{Load, Window};
