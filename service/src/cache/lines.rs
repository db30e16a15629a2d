//! Lines of a [`Page`](super::Page): rendered from items, cut, and joined for an answer.

use bytes::{BufMut, Bytes, BytesMut};
use memchr::memchr;

use crate::store::Item;

/// Items as lines, in the given order, which is newest first.
pub fn render(items: &[Item]) -> Vec<u8> {
    let mut lines = Vec::new();
    for item in items {
        lines.extend_from_slice(item.rev.to_string().as_bytes());
        lines.push(b' ');
        let start = lines.len();
        // This cannot fail: the struct holds numbers, texts and JSON, and a `Vec` takes any bytes.
        let _ = serde_json::to_writer(&mut lines, item);
        // The sender's `data` is in it as received, perhaps with line breaks between its parts. A JSON string contains
        // no raw line break, so replacing each by a space does not change the meaning.
        for byte in &mut lines[start..] {
            if *byte == b'\n' {
                *byte = b' ';
            }
        }
        lines.push(b'\n');
    }
    lines
}

/// Keeps at most this many lines and bytes, only whole lines. Returns whether lines were cut off.
pub fn cut(lines: &Bytes, most_lines: u32, most_bytes: usize) -> (Bytes, bool) {
    let mut end = 0;
    for _ in 0..most_lines {
        match memchr(b'\n', &lines[end..]) {
            Some(length) if end + length < most_bytes => end += length + 1,
            Some(_) | None => break,
        }
    }
    let more = end < lines.len();
    (lines.slice(..end), more)
}

/// The first lines, ready to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct First {
    /// The items' JSON, comma separated.
    pub items: Bytes,
    /// How many items.
    pub count: u32,
    /// The rev of the last item.
    pub last_rev: Option<i64>,
    /// Whether lines are left after these.
    pub more: bool,
}

/// The first `limit` lines, joined; `None` if a line is not `<rev> <json>`.
pub fn first(lines: &Bytes, limit: u32) -> Option<First> {
    let mut first = First { items: Bytes::new(), count: 0, last_rev: None, more: false };
    // Reserve the share of the page that this many items of average size take, because most pages are longer than the
    // request.
    let mut items = BytesMut::with_capacity(lines.len().min(limit as usize * 1024));
    let mut rest = &lines[..];
    while first.count < limit && !rest.is_empty() {
        let (line, after) = rest.split_at(memchr(b'\n', rest)?);
        let space = memchr(b' ', line)?;
        first.last_rev = Some(std::str::from_utf8(&line[..space]).ok()?.parse().ok()?);
        if first.count > 0 {
            items.put_u8(b',');
        }
        items.put_slice(&line[space + 1..]);
        first.count += 1;
        rest = &after[1..];
    }
    first.items = items.freeze();
    first.more = !rest.is_empty();
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &[u8] = b"3 {\"c\":3}\n2 {\"b\":2}\n1 {\"a\":1}\n";

    #[test]
    fn first_lines_are_joined_and_tell_where_the_next_page_starts() {
        let lines = Bytes::from_static(LINES);
        let two = first(&lines, 2).unwrap();
        assert_eq!(two.items, "{\"c\":3},{\"b\":2}");
        assert_eq!((two.count, two.last_rev, two.more), (2, Some(2), true));
        let all = first(&lines, 3).unwrap();
        assert_eq!((all.count, all.last_rev, all.more), (3, Some(1), false));
        let none = first(&Bytes::new(), 3).unwrap();
        assert_eq!((none.items.len(), none.count, none.last_rev, none.more), (0, 0, None, false));
        assert_eq!(first(&Bytes::from_static(b"{}\n"), 3), None);
    }

    #[test]
    fn is_cut_to_lines_and_to_bytes() {
        let lines = Bytes::from_static(LINES);
        assert_eq!(cut(&lines, 3, 30), (lines.clone(), false));
        assert_eq!(cut(&lines, 2, 30), (lines.slice(..20), true));
        assert_eq!(cut(&lines, 3, 29), (lines.slice(..20), true));
        assert_eq!(cut(&lines, 3, 5), (Bytes::new(), true));
        assert_eq!(cut(&lines, 0, 30), (Bytes::new(), true));
    }
}
