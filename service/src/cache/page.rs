//! The newest items of an inbox as the JSON that is sent: the read path moves bytes.

use bytes::Bytes;

use super::{First, MOST_PAGE_BYTES, lines};
use crate::store::{Item, Position};

/// The newest items, newest first, one line each: `<rev> <json>\n`. Compact JSON holds no line break of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The state of the inbox that it shows; used only if equal to its head's.
    pub position: Position,
    /// Whether the inbox has rows beyond these.
    pub more: bool,
    /// The lines.
    pub lines: Bytes,
}

impl Page {
    /// Renders the newest items of an inbox; `more`: it has rows beyond them. At most so many items, and 256 KiB.
    pub fn render(position: Position, items: &[Item], more: bool, most_items: u32) -> Self {
        let (lines, cut) = lines::cut(&Bytes::from(lines::render(items)), most_items, MOST_PAGE_BYTES);
        Self { position, more: more || cut, lines }
    }

    /// Renders all of these, however many and large: for one answer, not to be kept.
    pub fn whole(position: Position, items: &[Item], more: bool) -> Self {
        Self { position, more, lines: Bytes::from(lines::render(items)) }
    }

    /// The page of the state after this one, to which only these rows were added.
    #[must_use]
    pub fn extended(&self, position: Position, inserted: &[Item], most_items: u32) -> Self {
        let mut all = lines::render(inserted);
        all.extend_from_slice(&self.lines);
        let (lines, cut) = lines::cut(&Bytes::from(all), most_items, MOST_PAGE_BYTES);
        Self { position, more: self.more || cut, lines }
    }

    /// The first `limit` items, if that many are here or the inbox has no others.
    pub fn first(&self, limit: u32) -> Option<First> {
        let first = lines::first(&self.lines, limit)?;
        let enough = first.count == limit || !self.more;
        enough.then_some(First { more: first.more || self.more, ..first })
    }
}
