//! AMQP's field tables: what we read from them and write into them.

use std::collections::BTreeMap;

use lapin::types::{AMQPValue, FieldArray, FieldTable, ShortString};
use serde_json::Value;

/// A short string. It holds at most 255 bytes, and lapin panics on more. Every name and key was checked before; a
/// longer text is cut at a character boundary all the same.
pub(super) fn short(text: &str) -> ShortString {
    ShortString::from(&text[..text.floor_char_boundary(255)])
}

/// A long string.
pub(super) fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// A table of text.
pub(super) fn of_text(headers: &BTreeMap<String, String>) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in headers {
        table.insert(short(name), text(value));
    }
    table
}

/// The headers that are text, or that can be shown as text.
pub(super) fn text_headers(table: &FieldTable) -> BTreeMap<String, String> {
    let text = |(name, value): (&ShortString, &AMQPValue)| {
        let value = match value {
            AMQPValue::LongString(value) => std::str::from_utf8(value.as_bytes()).ok()?.to_owned(),
            AMQPValue::ShortString(value) => value.to_string(),
            _ => return None,
        };
        Some((name.to_string(), value))
    };
    table.into_iter().filter_map(text).collect()
}

/// A whole number, whatever its width.
pub(super) fn whole_number(value: &AMQPValue) -> Option<i64> {
    Some(match value {
        AMQPValue::ShortShortInt(number) => i64::from(*number),
        AMQPValue::ShortShortUInt(number) => i64::from(*number),
        AMQPValue::ShortInt(number) => i64::from(*number),
        AMQPValue::ShortUInt(number) => i64::from(*number),
        AMQPValue::LongInt(number) => i64::from(*number),
        AMQPValue::LongUInt(number) => i64::from(*number),
        AMQPValue::LongLongInt(number) => *number,
        _ => return None,
    })
}

/// A binding's arguments.
pub(super) fn of_json(arguments: &serde_json::Map<String, Value>) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in arguments {
        table.insert(short(name), of_value(value));
    }
    table
}

fn of_value(value: &Value) -> AMQPValue {
    match value {
        Value::Null => AMQPValue::Void,
        Value::Bool(value) => AMQPValue::Boolean(*value),
        Value::Number(number) => match number.as_i64() {
            Some(number) => AMQPValue::LongLongInt(number),
            None => AMQPValue::Double(number.as_f64().unwrap_or(0.0)),
        },
        Value::String(value) => text(value),
        Value::Array(values) => {
            AMQPValue::FieldArray(FieldArray::from(values.iter().map(of_value).collect::<Vec<_>>()))
        }
        Value::Object(object) => AMQPValue::FieldTable(of_json(object)),
    }
}
