//! Amounts of CPU and memory. The API server answers 500 without a field if it cannot parse one.

use hoopoe_crds::Invalid;
use serde_json::Value;

/// The maps whose values are amounts, and the fields that are one, wherever they stand in a pod.
const MAPS: [&str; 3] = ["requests", "limits", "overhead"];
const FIELDS: [&str; 2] = ["sizeLimit", "divisor"];

/// Kubernetes' suffixes; an exponent is read beside them.
const SUFFIXES: [&str; 16] = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// The amounts in a piece of a pod that cannot be parsed. `path`: of the piece.
pub(super) fn broken_rules(path: &str, piece: &Value) -> Vec<Invalid> {
    let mut found = Vec::new();
    walk(path, piece, false, &mut found);
    found
}

fn walk(path: &str, value: &Value, amounts: bool, found: &mut Vec<Invalid>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter().filter(|(key, _)| !key.starts_with('$')) {
                let path = format!("{path}.{key}");
                let is_amount = amounts || FIELDS.contains(&key.as_str());
                if is_amount && !value.is_null() && !is_quantity(value) {
                    let detail = "must be an amount such as 250m, 0.5, 2, 64Mi or 1Gi".to_owned();
                    found.push(Invalid { field: path, detail });
                } else if !is_amount {
                    walk(&path, value, MAPS.contains(&key.as_str()), found);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(&format!("{path}[{index}]"), item, false, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_quantity(value: &Value) -> bool {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return false,
    };
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let exponent = suffix.strip_prefix(['e', 'E']).is_some_and(|power| power.parse::<i32>().is_ok());
    digits > 0 && number.len() - digits <= 1 && (SUFFIXES.contains(&suffix) || exponent)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_as_kubernetes_reads_them() {
        for good in [
            json!("250m"),
            json!("0.5"),
            json!(2),
            json!(1.5),
            json!("64Mi"),
            json!("1e3"),
            json!("1E-3"),
            json!(".5"),
            json!("5."),
        ] {
            assert!(is_quantity(&good), "{good}");
        }
        for bad in [
            json!(""),
            json!("much"),
            json!("64 Mi"),
            json!("64MB"),
            json!("1.2.3"),
            json!("1e"),
            json!("m"),
            json!("-"),
            json!({}),
            json!(true),
        ] {
            assert!(!is_quantity(&bad), "{bad}");
        }
    }

    #[test]
    fn each_is_named_where_it_stands_and_maps_of_other_names_are_not_read() {
        let piece = json!({
            "metadata": {"labels": {"limits": "none"}},
            "spec": {
                "containers": [{"resources": {"limits": {"memory": "much", "cpu": null, "$patch": "replace"}}}],
                "volumes": [{"emptyDir": {"sizeLimit": "big"}}],
                "overhead": {"cpu": "1"},
            },
        });
        let fields: Vec<_> =
            broken_rules("spec.podTemplate", &piece).into_iter().map(|invalid| invalid.field).collect();
        let expected = [
            "spec.podTemplate.spec.containers[0].resources.limits.memory",
            "spec.podTemplate.spec.volumes[0].emptyDir.sizeLimit",
        ];
        assert_eq!(fields, expected);
    }
}
