//! The parameters of the original route.

use std::ops::Range;

use hoopoe_web::{BadUrl, Query};
use utoipa::IntoParams;

const DEFAULT_ROWS: u64 = 10;
const DEFAULT_PAGE_SIZE: u64 = 10;
const MAX_ROWS: u64 = 200;
/// More rows than any inbox holds, and an offset that every database accepts.
const MAX_PLACE: u64 = 1_000_000_000;

/// Which rows of an inbox the client asks for, as it names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LegacyQuery {
    /// The first row, newest first, counted from 0; default 0
    #[param(minimum = 0, maximum = 1_000_000_000)]
    from: Option<u64>,
    /// The row after the last, at most 200 above `from`; default `from` + 10
    #[param(minimum = 0, maximum = 1_000_000_000)]
    to: Option<u64>,
    /// What `pages` and `current_page` count in; default 10
    #[param(minimum = 1, maximum = 200)]
    page_size: Option<u64>,
    /// Only unread rows
    unread: Option<bool>,
}

/// The rows that a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    /// The places of the rows, newest first, counted from 0.
    pub(super) places: Range<u64>,
    /// The rows that the answer counts as a page.
    pub(super) page_size: u64,
    /// Whether only unread rows are wanted and counted.
    pub(super) unread: bool,
}

impl LegacyQuery {
    /// The names of the parameters.
    pub(super) const NAMES: [&str; 4] = ["from", "to", "page_size", "unread"];

    pub(super) fn read(query: &Query) -> Result<Self, BadUrl> {
        Ok(Self {
            from: query.number("from", 0..=MAX_PLACE)?,
            to: query.number("to", 0..=MAX_PLACE)?,
            page_size: query.number("page_size", 1..=MAX_ROWS)?,
            unread: query.flag("unread")?,
        })
    }

    /// The rows, with the defaults of what the client left out.
    pub(super) fn rows(self) -> Result<Rows, BadUrl> {
        let from = self.from.unwrap_or(0);
        let to = self.to.unwrap_or(from + DEFAULT_ROWS);
        if to < from || to - from > MAX_ROWS {
            return Err(BadUrl::parameter("to", format!("must be at least `from` and at most `from` + {MAX_ROWS}")));
        }
        let page_size = self.page_size.unwrap_or(DEFAULT_PAGE_SIZE);
        Ok(Rows { places: from..to, page_size, unread: self.unread.unwrap_or(false) })
    }
}
