//! Store and cache under one discipline: whoever reads or writes an inbox does so through [`Reader`] and [`Writer`].

mod announcer;
mod answer;
mod fate;
mod flight;
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
pub use fate::Fate;
pub use metrics::InboxMetrics;
pub use options::ReaderOptions;
pub use reader::Reader;
pub use writer::Writer;
