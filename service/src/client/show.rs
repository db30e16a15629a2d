//! An inbox as lines of text.

use super::{
    read_state::ReadState,
    terminal::{cut, plain},
    wire::Row,
};
use crate::{store::Head, timestamp::Timestamp};

/// How many columns a kind may take.
const KIND: usize = 24;
/// How many columns a title may take.
const TITLE: usize = 72;

/// The head as one line.
pub fn badge(head: &Head) -> String {
    format!("{} unread, {} unseen ({})", head.unread, head.unseen, head.position())
}

/// How long ago, in one unit.
pub fn ago(now: Timestamp, then: Timestamp) -> String {
    let seconds = now.since(then).as_secs();
    if then > now.plus(std::time::Duration::from_secs(1)) {
        return "in future".to_owned();
    }
    match seconds {
        0..60 => format!("{seconds}s ago"),
        60..3_600 => format!("{}m ago", seconds / 60),
        3_600..86_400 => format!("{}h ago", seconds / 3_600),
        _ => format!("{}d ago", seconds / 86_400),
    }
}

/// One row as one line: its age, its read state, its kind, its title and its id.
pub fn line(row: &Row, head: &Head, now: Timestamp) -> String {
    let state = ReadState::of(row, head);
    let text = if row.title.is_empty() { &row.body } else { &row.title };
    let dot = if state.counts_as_unread() { '●' } else { ' ' };
    let id = row.source_id.as_deref().map_or_else(|| row.id.to_string(), plain);
    format!(
        "{:>9}  {dot} {:<8}  {:<KIND$}  {}  [{}]",
        ago(now, row.created_at),
        state.word(),
        cut(&plain(&row.kind), KIND),
        cut(&plain(text), TITLE),
        cut(&id, 40),
    )
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::client::read_state::tests::{head, row};

    #[test]
    fn a_row_is_one_line_whatever_is_in_it() {
        let mut row = row(Uuid::nil(), 3);
        row.title = "Shipped\n\u{1b}[31m!".to_owned();
        row.kind = "order.shipped".to_owned();
        let now = row.created_at.plus(std::time::Duration::from_secs(125));
        let shown = line(&row, &head(3), now);
        assert_eq!(
            shown,
            "   2m ago  ● unread    order.shipped             Shipped \u{fffd}[31m!  \
             [00000000-0000-0000-0000-000000000000]"
        );
    }

    #[test]
    fn ages_are_in_one_unit() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let ages: Vec<_> =
            [0, 59, 60, 3_599, 3_600, 86_399, 86_400].map(|age| ago(at(1_000_000), at(1_000_000 - age))).into();
        assert_eq!(ages, ["0s ago", "59s ago", "1m ago", "59m ago", "1h ago", "23h ago", "1d ago"]);
        assert_eq!(ago(at(10), at(100)), "in future");
    }
}
