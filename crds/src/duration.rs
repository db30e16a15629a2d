//! `Span`: a duration as people write it in a manifest (`500ms`, `5m`, `1h30m`).

use std::{fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The shape of a duration in a manifest. `format: duration` would let "2 days" in.
pub const PATTERN: &str = "^([0-9]{1,9}(ms|s|m|h|d))+$";

/// The most digits of one number. [`MAX_LENGTH`] leaves room for three numbers such as `999999999d`, which together are
/// far below 2^64 milliseconds. So every text that the API server accepts can be read.
const MAX_DIGITS: usize = 9;

/// The longest text.
const MAX_LENGTH: usize = 32;

/// A length of time as a manifest writes it: one or more numbers, each with a unit (`ms`, `s`, `m`, `h`, `d`), added
/// up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub Duration);

/// Why a text is no [`Span`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// The text does not match [`PATTERN`].
    #[error("\"{0}\" is not a duration: write numbers with units, such as 500ms, 30s, 5m, 1h30m or 7d")]
    Shape(String),
    /// A number of more than nine digits, or over 32 characters in all.
    #[error(
        "\"{0}\" is too long: a duration has at most {MAX_LENGTH} characters, and each of its numbers at most \
         {MAX_DIGITS} digits"
    )]
    Overflow(String),
}

impl Span {
    /// A span of this many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// A span of this many seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(Duration::from_secs(secs))
    }
}

impl From<Span> for Duration {
    fn from(span: Span) -> Self {
        span.0
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let shape = || SpanError::Shape(text.to_owned());
        let overflow = || SpanError::Overflow(text.to_owned());
        let mut rest = text;
        let mut millis: u64 = 0;
        if rest.is_empty() {
            return Err(shape());
        }
        if text.len() > MAX_LENGTH {
            return Err(overflow());
        }
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, tail) = rest.split_at(digits);
            if number.is_empty() {
                return Err(shape());
            }
            let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
            let (unit, tail) = tail.split_at(letters);
            let factor: u64 = match unit {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                _ => return Err(shape()),
            };
            if number.len() > MAX_DIGITS {
                return Err(overflow());
            }
            let number: u64 = number.parse().map_err(|_| overflow())?;
            millis = number.checked_mul(factor).and_then(|part| millis.checked_add(part)).ok_or_else(overflow)?;
            rest = tail;
        }
        Ok(Self::from_millis(millis))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut millis = self.0.as_millis();
        if millis == 0 {
            return f.write_str("0s");
        }
        for (unit, factor) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
            let count = millis / factor;
            if count > 0 {
                write!(f, "{count}{unit}")?;
                millis %= factor;
            }
        }
        Ok(())
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": PATTERN, "maxLength": MAX_LENGTH })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write_and_refuses_the_rest() {
        assert_eq!("1h30m".parse(), Ok(Span::from_secs(5400)));
        assert_eq!("500ms".parse(), Ok(Span::from_millis(500)));
        for bad in ["", "5", "2 days", "ms", "-1s", "1.5s", "1y"] {
            assert!(matches!(bad.parse::<Span>(), Err(SpanError::Shape(_))), "{bad}");
        }
        assert!(matches!("99999999999999999999d".parse::<Span>(), Err(SpanError::Overflow(_))));
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(millis in 0u64..86_400_000 * 1_000_000_000) {
            let span = Span::from_millis(millis);
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }
    }
}
