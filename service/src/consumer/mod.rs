//! The role `consumer`: drains one queue into the inbox.
//!
//! A delivery is acknowledged only after its notification is committed, or after its dead letter is confirmed. A crash
//! anywhere in between means a redelivery, and a redelivery changes nothing in the store.
//!
//! [`Consumer::run`] supervises lanes; [`lane`] is the loop of one of them; the decisions are pure and stand apart:
//! [`guard`] (how much to take while something crashes us), [`batcher`] (when a batch is ready), [`sort`] (what each
//! delivery becomes); [`hold`] waits for a store that is away.

mod batcher;
mod guard;
mod hold;
mod lane;
mod lane_end;
mod lane_shared;
mod metrics;
mod settings;
mod sort;
mod supervisor;
pub mod sweeper;

pub use metrics::{ConsumerMetrics, DeadLetterLabels};
pub use settings::Settings;
pub use supervisor::Consumer;
