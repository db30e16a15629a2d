//! Store and cache under one discipline: whoever reads or writes an inbox does so through [`Reader`] and [`Writer`].

mod reader;
mod writer;

pub use reader::{Current, FirstPage, ReadError, Reader};
pub use writer::{Fate, Writer};
