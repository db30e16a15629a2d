//! The kinds of fault that a dead letter is sorted by.

use std::fmt::{self, Write};

use prometheus_client::encoding::{EncodeLabelValue, LabelValueEncoder};

/// Why a delivery became a dead letter: the header `x-hoopoe-class`, and the label `class` of a metric. A closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LetterClass {
    /// Its body is not JSON.
    NotJson,
    /// Its body is over the limit.
    TooLarge,
    /// A field is missing, given twice, or over a limit.
    InvalidField,
    /// Its owner and id are in the store already, with other content.
    IdConflict,
    /// The database refuses a value in it.
    Refused,
    /// Too many consumers died or lost their connection while they held it.
    CrashLoop,
}

impl LetterClass {
    /// The class as headers and labels spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::TooLarge => "too_large",
            Self::InvalidField => "invalid_field",
            Self::IdConflict => "id_conflict",
            Self::Refused => "refused",
            Self::CrashLoop => "crash_loop",
        }
    }
}

impl fmt::Display for LetterClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl EncodeLabelValue for LetterClass {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        encoder.write_str(self.as_str())
    }
}
