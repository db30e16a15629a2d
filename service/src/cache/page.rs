//! The newest items of an inbox as the JSON that is sent: the read path moves bytes.

use bytes::Bytes;

use super::{First, lines};
use crate::store::{Item, Position};

/// The most bytes of a page, so that the cost of a poll is bounded whatever the items are.
pub const MOST_PAGE_BYTES: usize = 256 * 1024;

/// The newest items, newest first, one line each: `<rev> <json>\n`. Compact JSON contains no line break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The position of the inbox that it shows. The page is used only if its head has the same position.
    pub position: Position,
    /// Whether the inbox has more rows than these.
    pub more: bool,
    /// The lines.
    pub lines: Bytes,
}

impl Page {
    /// Renders the newest items of an inbox: at most `most_items`, and at most [`MOST_PAGE_BYTES`]. `more` says whether
    /// the inbox has further rows.
    pub fn render(position: Position, items: &[Item], more: bool, most_items: u32) -> Self {
        let (lines, cut) = lines::cut(&Bytes::from(lines::render(items)), most_items, MOST_PAGE_BYTES);
        Self { position, more: more || cut, lines }
    }

    /// Renders all of these items, without a limit, for one answer that is not kept.
    pub fn whole(position: Position, items: &[Item], more: bool) -> Self {
        Self { position, more, lines: Bytes::from(lines::render(items)) }
    }

    /// The page after only these rows were added.
    #[must_use]
    pub fn extended(&self, position: Position, inserted: &[Item], most_items: u32) -> Self {
        let mut all = lines::render(inserted);
        all.extend_from_slice(&self.lines);
        let (lines, cut) = lines::cut(&Bytes::from(all), most_items, MOST_PAGE_BYTES);
        Self { position, more: self.more || cut, lines }
    }

    /// The first `limit` items. `None` if the page has fewer although the inbox has more.
    pub fn first(&self, limit: u32) -> Option<First> {
        let first = lines::first(&self.lines, limit)?;
        let enough = first.count == limit || !self.more;
        enough.then_some(First { more: first.more || self.more, ..first })
    }
}
