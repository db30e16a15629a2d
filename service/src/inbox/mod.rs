//! Reads and writes inboxes in store and cache. All access goes through [`Reader`] and [`Writer`], which keep to one
//! set of rules.

mod announcer;
mod answer;
mod fate;
mod flight;
mod follow;
mod followers;
mod gate;
mod heads;
mod layers;
mod listener;
mod metrics;
mod options;
mod pulse;
mod raiser;
mod reader;
mod refusal;
mod trust;
mod writer;

pub use answer::{Current, FirstPage, ReadError};
pub use fate::NotificationFate;
pub use follow::Follow;
pub use metrics::InboxMetrics;
pub use options::ReaderOptions;
pub use reader::Reader;
pub use writer::Writer;
