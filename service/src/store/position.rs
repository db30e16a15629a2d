//! Where an owner's inbox stands: an epoch and a rev.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Which history a rev belongs to: `<store epoch>.<owner epoch>`, compared as a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch {
    /// Rises when the store's history forked, or by `hoopoe migrate new-epoch`.
    pub store: i64,
    /// The Unix second at which the owner's row was created, higher than any before it. 0: there is no row.
    pub owner: i64,
}

/// An epoch and a rev, written `<epoch>-<rev>`: the `ETag`, the `since`, the stream's id and the cache's version.
/// Positions are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Position {
    /// The history.
    pub epoch: Epoch,
    /// The owner's rev in it.
    pub rev: i64,
}

/// Why a text is not a [`Position`] or [`Epoch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be <epoch>-<rev> as a head gives it, e.g. 1.1763700000-42")]
pub struct PositionError;

/// Accepts digits only; `i64::from_str` alone would accept a sign.
fn number(text: &str) -> Result<i64, PositionError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PositionError);
    }
    text.parse().map_err(|_| PositionError)
}

impl FromStr for Epoch {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, PositionError> {
        let (store, owner) = text.split_once('.').ok_or(PositionError)?;
        Ok(Self { store: number(store)?, owner: number(owner)? })
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.store, self.owner)
    }
}

impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, PositionError> {
        let (epoch, rev) = text.split_once('-').ok_or(PositionError)?;
        Ok(Self { epoch: epoch.parse()?, rev: number(rev)? })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.rev)
    }
}

impl From<Position> for String {
    fn from(position: Position) -> Self {
        position.to_string()
    }
}

impl TryFrom<String> for Position {
    type Error = PositionError;

    fn try_from(text: String) -> Result<Self, PositionError> {
        text.parse()
    }
}

impl Serialize for Epoch {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn is_read_back_and_nothing_else_is() {
        let position = Position { epoch: Epoch { store: 2, owner: 1_763_700_000 }, rev: 42 };
        assert_eq!(position.to_string().parse(), Ok(position));
        for bad in ["", "1", "1-2", "1.2", "1.2-", "1.2-+3", "1.2--3", "1.2-3-4", "1.2-99999999999999999999", " 1.2-3"]
        {
            assert_eq!(bad.parse::<Position>(), Err(PositionError), "{bad}");
        }
    }

    #[test]
    fn a_later_epoch_is_above_any_rev_of_an_earlier_one() {
        let at = |text: &str| text.parse::<Position>().unwrap();
        assert!(at("1.5-900") < at("1.6-1"));
        assert!(at("1.9-900") < at("2.1-1"));
    }
}
