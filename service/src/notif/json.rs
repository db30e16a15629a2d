//! `Json`: a text that was checked to be JSON.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The sender's JSON, byte for byte. A value of this type proves that the text is JSON, so no later code has to check
/// it.
///
/// Two values are equal if their bytes are equal. `1.0` and `1.00` differ, because a sender gets back exactly what it
/// sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// Checks that a text is JSON. For texts from outside, also from the database's columns.
    pub fn parse(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

/// A part of a body that was parsed, so it is known to be JSON.
impl From<&RawValue> for Json {
    fn from(raw: &RawValue) -> Self {
        Self(raw.to_owned())
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Json {}
