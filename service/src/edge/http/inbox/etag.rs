//! The validator of every answer that shows an inbox: the representation's format and the owner's position.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};

use crate::store::Position;

/// The version of the representation. It is raised when the same rows are shown differently, so that no client keeps
/// the old form.
pub const FORMAT: &str = "1";

/// `W/"<format>-<epoch>-<rev>"`.
pub fn etag(position: Position) -> HeaderValue {
    // This cannot fail: digits, dots, dashes and quotes are allowed in a header value.
    HeaderValue::try_from(format!("W/\"{FORMAT}-{position}\"")).unwrap_or_else(|_| HeaderValue::from_static("W/\"\""))
}

/// The content of `If-None-Match`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IfNoneMatch {
    any: bool,
    positions: Vec<Position>,
}

impl IfNoneMatch {
    /// Reads all such headers. A tag that is not one of ours matches nothing, as RFC 9110 says.
    pub fn read(headers: &HeaderMap) -> Self {
        let mut read = Self::default();
        for value in headers.get_all(header::IF_NONE_MATCH) {
            let Ok(text) = value.to_str() else { continue };
            for tag in text.split(',').map(str::trim) {
                if tag == "*" {
                    read.any = true;
                }
                let ours =
                    opaque(tag).and_then(|tag| tag.strip_prefix(FORMAT)?.strip_prefix('-')?.parse::<Position>().ok());
                read.positions.extend(ours);
            }
        }
        read
    }

    /// Whether the client sent a tag that may match.
    pub fn is_some(&self) -> bool {
        self.any || !self.positions.is_empty()
    }

    /// The newest state that the client holds. No answer may be older.
    pub fn newest(&self) -> Option<Position> {
        self.positions.iter().max().copied()
    }

    /// Whether the client holds this state.
    pub fn matches(&self, position: Position) -> bool {
        self.any || self.positions.contains(&position)
    }
}

/// A handler that takes this instead of all headers saves a copy of them.
impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(&parts.headers))
    }
}

/// Weak comparison: with or without `W/`.
fn opaque(tag: &str) -> Option<&str> {
    tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> IfNoneMatch {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, text.parse().unwrap());
        IfNoneMatch::read(&headers)
    }

    #[test]
    fn a_tag_is_read_back() {
        let position: Position = "1.1763700000-42".parse().unwrap();
        let tag = etag(position);
        assert_eq!(tag, "W/\"1-1.1763700000-42\"");
        assert!(read(tag.to_str().unwrap()).matches(position));
        assert!(read("\"1-1.1763700000-42\"").matches(position), "compared weakly");
        assert!(read("\"x\", W/\"1-1.1763700000-42\" ,\"y\"").matches(position));
        assert!(read("*").matches(position));
    }

    #[test]
    fn others_match_nothing() {
        let position: Position = "1.1763700000-42".parse().unwrap();
        for other in ["W/\"2-1.1763700000-42\"", "1-1.1763700000-42", "W/\"1-1.1763700000-43\"", "\"", "W/", ",,"] {
            assert!(!read(other).matches(position), "{other}");
        }
        assert!(!read("\"abc\"").is_some());
    }

    #[test]
    fn the_newest_of_a_list_counts() {
        let newest = read("\"1-1.5-900\", \"1-1.6-1\", \"1-1.5-2\"").newest();
        assert_eq!(newest, Some("1.6-1".parse().unwrap()));
    }
}
