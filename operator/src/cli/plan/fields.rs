//! The fields in which two documents differ. Pure.

use std::collections::BTreeSet;

use serde_json::Value;

use super::content::FieldChange;

/// Longer values are cut to this length.
const LONGEST: usize = 80;
/// Fields that may hold credentials in plain text: the plan shows that they change, but not their values.
const UNSAID: [&str; 2] = ["spec.extraEnv", "spec.podTemplate"];

/// The changes between two values, by path. Lists are compared as a whole.
pub(super) fn changes(path: &str, from: Option<&Value>, to: Option<&Value>) -> Vec<FieldChange> {
    let mut found = Vec::new();
    walk(path, from, to, &mut found);
    found
}

fn walk(path: &str, from: Option<&Value>, to: Option<&Value>, found: &mut Vec<FieldChange>) {
    let unsaid = UNSAID.contains(&path);
    match (from, to) {
        (Some(from), Some(to)) if from == to => {}
        (None, None) => {}
        (Some(Value::Object(from)), Some(Value::Object(to))) if !unsaid => {
            let keys: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
            for key in keys {
                walk(&format!("{path}.{key}"), from.get(key), to.get(key), found);
            }
        }
        (from, to) => {
            let shown = |value: &Value| if unsaid { "(not shown)".to_owned() } else { short(value) };
            found.push(FieldChange { path: path.to_owned(), from: from.map(shown), to: to.map(shown) });
        }
    }
}

fn short(value: &Value) -> String {
    let mut text = match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    // A line break in a value must not start a new line of the output.
    text.retain(|c| !c.is_control());
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_field_by_its_path_and_no_value_of_what_may_be_secret() {
        let from = json!({ "a": 1, "b": { "c": "x", "d": [1] }, "extraEnv": [{ "value": "old secret" }] });
        let to =
            json!({ "a": 1, "b": { "c": "y\nz", "d": [1, 2] }, "e": true, "extraEnv": [{ "value": "new secret" }] });
        let found = changes("spec", Some(&from), Some(&to));
        let change = |path: &str, from: Option<&str>, to: Option<&str>| FieldChange {
            path: path.to_owned(),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
        };
        assert_eq!(
            found,
            [
                change("spec.b.c", Some("x"), Some("yz")),
                change("spec.b.d", Some("[1]"), Some("[1,2]")),
                change("spec.e", None, Some("true")),
                change("spec.extraEnv", Some("(not shown)"), Some("(not shown)")),
            ]
        );
        assert!(changes("spec", Some(&from), Some(&from)).is_empty());
        let gone = changes("spec", Some(&json!({ "x": "é".repeat(100) })), Some(&json!({})));
        assert_eq!(gone[0].to, None);
        assert!(gone[0].from.as_ref().unwrap().len() < 90);
    }
}
