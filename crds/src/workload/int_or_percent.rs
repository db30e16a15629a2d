//! A number of pods, or a share of them.

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A number, or a percentage such as `25%`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(transform = int_or_string)]
pub enum IntOrPercent {
    /// A number.
    Int(i32),
    /// A percentage.
    Percent(String),
}

/// The one form of "either" that a structural schema has: an API server refuses alternatives without a type.
fn int_or_string(schema: &mut Schema) {
    schema.remove("anyOf");
    schema.insert("x-kubernetes-int-or-string".to_owned(), Value::Bool(true));
}

impl IntOrPercent {
    /// A number from 0 to 999999999, or whole percents up to 100.
    pub(crate) fn is_valid(&self) -> bool {
        match self {
            Self::Int(number) => (0..=999_999_999).contains(number),
            Self::Percent(text) => percents(text).is_some_and(|percents| percents <= 100),
        }
    }

    /// Whether it is 0 or 0 %.
    pub(crate) fn is_zero(&self) -> bool {
        match self {
            Self::Int(number) => *number == 0,
            Self::Percent(text) => percents(text) == Some(0),
        }
    }
}

fn percents(text: &str) -> Option<u32> {
    let digits = text.strip_suffix('%')?;
    // At most three digits, and no leading zero before two others.
    let short = digits.len() <= 2 || digits == "100";
    if short && digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}
