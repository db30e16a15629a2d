//! What a caller shows, as an edge read it.

use std::fmt;

/// What a caller shows to say who it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Credentials<'a> {
    /// Nothing.
    None,
    /// A bearer token.
    Bearer(&'a str),
    /// Something that the edge cannot read.
    Unreadable,
}

/// A token never gets into a log.
impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Bearer(_) => "Bearer(..)",
            Self::Unreadable => "Unreadable",
        })
    }
}
