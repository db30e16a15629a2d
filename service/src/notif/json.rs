//! `Json`: a text that was proven to be JSON once.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The sender's JSON, byte for byte. A value of this type is the proof: nothing after it parses the text to check it
/// again.
///
/// Two are equal if their bytes are: `1.0` and `1.00` are different, for a sender gets back what it sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// Proves that a text is JSON. For texts from outside, the database's columns among them.
    pub fn parse(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

/// A part of a body that was parsed: it is JSON already.
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
