//! Parses the value of one field: its type and its limits. A fault names the limit and never the value.

use std::ops::RangeInclusive;

use serde_json::{Value, value::RawValue};

use crate::timestamp::Timestamp;

/// A text within its length limit, without NUL.
pub(super) fn text(raw: &RawValue, bytes: &RangeInclusive<usize>) -> Result<String, String> {
    let text = string(raw)?;
    if !bytes.contains(&text.len()) {
        let (min, max) = (bytes.start(), bytes.end());
        return Err(format!("must be {min} to {max} bytes of UTF-8, got {}", text.len()));
    }
    if text.contains('\0') {
        return Err("must not contain NUL".to_owned());
    }
    Ok(text)
}

/// A text within its length limit, without control characters.
pub(super) fn token(raw: &RawValue, bytes: &RangeInclusive<usize>) -> Result<String, String> {
    let text = text(raw, bytes)?;
    if text.chars().any(char::is_control) {
        return Err("must not contain control characters".to_owned());
    }
    Ok(text)
}

/// Any string.
pub(super) fn string(raw: &RawValue) -> Result<String, String> {
    serde_json::from_str(raw.get()).map_err(|error| {
        if raw.get().starts_with('"') {
            // Valid JSON, but not Unicode text: half a surrogate pair.
            format!("must be Unicode text ({})", reason(&error))
        } else {
            format!("must be a string, got {}", kind_of(raw))
        }
    })
}

/// A whole number within its limits.
pub(super) fn priority(raw: &RawValue, limits: &RangeInclusive<u8>) -> Result<u8, String> {
    // JSON has one kind of number, and some serializers write a whole number as `2.0`. So `2.0` counts as 2.
    let number: Option<f64> = serde_json::from_str(raw.get()).ok();
    limits
        .clone()
        .find(|priority| number == Some(f64::from(*priority)))
        .ok_or_else(|| format!("must be a whole number from {} to {}", limits.start(), limits.end()))
}

/// RFC 3339, or Unix seconds.
pub(super) fn moment_or_seconds(raw: &RawValue) -> Result<Timestamp, String> {
    const SHAPE: &str = "must be an RFC 3339 time or Unix seconds";
    match serde_json::from_str::<Value>(raw.get()) {
        Ok(Value::Number(number)) => {
            let micros = match number.as_i64() {
                Some(seconds) => seconds.saturating_mul(1_000_000),
                // The cast saturates, and values out of range are refused below. Microseconds since 1970 fit into the
                // 53 bits of a double until 2255.
                #[expect(clippy::cast_possible_truncation, reason = "a float to integer cast saturates")]
                None => (number.as_f64().ok_or(SHAPE)? * 1e6).round() as i64,
            };
            in_range(Timestamp::from_micros(micros))
        }
        Ok(Value::String(text)) => in_range(Timestamp::parse_rfc3339(&text).ok_or(SHAPE)?),
        Ok(_) | Err(_) => Err(SHAPE.to_owned()),
    }
}

/// RFC 3339.
pub(super) fn moment(raw: &RawValue) -> Result<Timestamp, String> {
    in_range(Timestamp::parse_rfc3339(&string(raw)?).ok_or("must be an RFC 3339 time")?)
}

fn in_range(moment: Timestamp) -> Result<Timestamp, String> {
    if (Timestamp::EARLIEST..=Timestamp::LATEST).contains(&moment) {
        Ok(moment)
    } else {
        Err("must lie between 1970 and 2200".to_owned())
    }
}

fn kind_of(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// The message of `serde_json` without the position, which it counts from the start of the field.
pub(super) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}
