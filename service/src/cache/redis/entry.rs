//! Parses an entry that was read.

use super::script::Opened;
use crate::{
    cache::{CacheError, Entry, Page, Token},
    store::{HeadAt, Position},
};

/// Parses the answer of `open`. An entry that cannot be read is an error and never half an entry: with a missing
/// `dirty` mark an old head would look current.
pub(super) fn parse(opened: Opened) -> Result<Entry, CacheError> {
    let Opened { token, dirty, generation, head, page } = opened;
    let token = token.ok_or_else(|| CacheError::Malformed("no token".to_owned()))?;
    let token = Token(text("token", &token)?.to_owned());
    let dirty = dirty.map(|dirty| position(&dirty)).transpose()?;
    let head = match (head, generation) {
        (Some(head), Some(generation)) => {
            let head =
                serde_json::from_slice(&head).map_err(|error| CacheError::Malformed(format!("head: {error}")))?;
            let generation = text("generation", &generation)?.parse();
            let generation = generation.map_err(|_| CacheError::Malformed("generation: not a number".to_owned()))?;
            Some(HeadAt { head, generation })
        }
        (None, _) | (_, None) => None,
    };
    let page = match page {
        Some((at, more, lines)) => Some(Page { position: position(&at)?, more, lines }),
        None => None,
    };
    Ok(Entry { token, dirty, head, page })
}

fn position(bytes: &[u8]) -> Result<Position, CacheError> {
    text("position", bytes)?.parse().map_err(|error| CacheError::Malformed(format!("position: {error}")))
}

fn text<'a>(what: &str, bytes: &'a [u8]) -> Result<&'a str, CacheError> {
    std::str::from_utf8(bytes).map_err(|_| CacheError::Malformed(format!("{what}: not UTF-8")))
}
