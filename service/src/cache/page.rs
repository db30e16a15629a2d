//! The newest items of an inbox as the JSON that is sent: the read path moves bytes.

use bytes::Bytes;

use crate::store::Position;

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
