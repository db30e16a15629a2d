//! The owner of an inbox.

use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// The owner of an inbox: 1–190 bytes of UTF-8 without control characters. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Owner(Arc<str>);

/// Why a text is not an [`Owner`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnerError {
    /// Empty, or over 190 bytes.
    #[error("must be 1 to {max} bytes of UTF-8, got {0}", max = Owner::MAX_BYTES)]
    Length(usize),
    /// It contains NUL or another control character.
    #[error("must not contain control characters")]
    ControlCharacter,
}

impl Owner {
    /// The most bytes of an owner.
    pub const MAX_BYTES: usize = 190;

    /// Checks length and characters.
    pub fn parse(text: &str) -> Result<Self, OwnerError> {
        if text.is_empty() || text.len() > Self::MAX_BYTES {
            return Err(OwnerError::Length(text.len()));
        }
        if text.chars().any(char::is_control) {
            return Err(OwnerError::ControlCharacter);
        }
        Ok(Self(text.into()))
    }

    /// The owner as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Owner {
    type Error = OwnerError;

    fn try_from(text: String) -> Result<Self, OwnerError> {
        Self::parse(&text)
    }
}

impl Borrow<str> for Owner {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
