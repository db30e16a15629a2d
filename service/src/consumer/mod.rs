//! The role `consumer`: drains one queue into the inbox.
//!
//! A delivery is acknowledged only after its notification is committed, or after its dead letter is confirmed. A crash
//! anywhere in between means a redelivery, and a redelivery changes nothing in the store.
//!
//! [`Consumer::run`] supervises lanes, and [`lane`] is the loop of one of them. The decisions are pure code: [`guard`]
//! (how much to take while a message may be crashing us), [`batcher`] (when a batch is ready) and [`sort`] (what each
//! delivery becomes). [`hold`] waits for a store that cannot be reached.

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
