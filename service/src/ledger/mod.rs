//! `hoopoe ledger`: sends numbered notifications, reads every inbox back, and says what was lost, doubled or went
//! backwards.
//!
//! The decisions are pure: [`book`] keeps what became of each notification, [`reader_check`] judges what one reader
//! sees, [`read_back`] judges a whole inbox at the end, and [`figures`] adds up. [`http_sender`], [`amqp_sender`] and
//! [`reader`] speak to the network and decide nothing.

pub mod amqp_link;
pub mod amqp_sender;
pub mod args;
pub mod book;
pub mod figures;
pub mod findings;
pub mod http_sender;
#[cfg(test)]
mod liar;
pub mod numbering;
pub mod pace;
pub mod plan;
pub mod read_back;
pub mod reader;
pub mod reader_check;
pub mod report;
pub mod run;
pub mod shared;

pub use args::{LedgerArgs, run};
pub use figures::Figures;
pub use plan::{AmqpPlan, Plan};
pub use run::run_plan;
