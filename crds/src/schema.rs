//! Turns the schema of the types into a structural one that reads like documentation.

use schemars::{Schema, transform::Transform};
use serde_json::{Map, Value, json};

/// For the outermost struct of a schema whose parts are inlined.
pub(crate) fn structural(schema: &mut Schema) {
    let mut schema_of = |schema: &mut Schema| {
        let Some(object) = schema.as_object_mut() else { return };
        without_null(object);
        documented_variants(object);
        numbers_with_limits(object);
    };
    recursive(&mut schema_of, schema);
}

fn recursive(change: &mut impl FnMut(&mut Schema), schema: &mut Schema) {
    change(schema);
    let mut each = |schema: &mut Schema| recursive(change, schema);
    schemars::transform::transform_subschemas(&mut Each(&mut each), schema);
}

struct Each<'a>(&'a mut dyn FnMut(&mut Schema));

impl Transform for Each<'_> {
    fn transform(&mut self, schema: &mut Schema) {
        (self.0)(schema);
    }
}

/// An absent field is never null: the API server removes a null that the schema does not allow, and then fills in the
/// default. With `nullable` it would store the null, `has()` would be true, and a rule about the field's content would
/// fail.
fn without_null(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            object.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(one)] = choices.as_slice() {
            let one = one.clone();
            object.remove("anyOf");
            for (key, value) in one {
                // What is said at the field wins over what is said at its type.
                object.entry(key).or_insert(value);
            }
        }
    }
    if object.contains_key("x-kubernetes-int-or-string") {
        // Set explicitly, since kube makes every optional one of these nullable.
        object.insert("nullable".to_owned(), json!(false));
    }
}

/// If each value of an enum has a comment, schemars makes a list of alternatives, and a structural schema loses the
/// comments. They move to the description of the field, where `kubectl explain` shows them.
fn documented_variants(object: &mut Map<String, Value>) {
    let Some(Value::Array(variants)) = object.get("oneOf") else { return };
    let variant = |variant: &Value| {
        let name = variant.get("const")?.as_str()?.to_owned();
        Some((name, variant.get("description").and_then(Value::as_str).unwrap_or_default().to_owned()))
    };
    let Some(variants) = variants.iter().map(variant).collect::<Option<Vec<_>>>() else { return };
    let mut description = object.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    for (name, what) in &variants {
        description.extend(["\n", name, ": ", what]);
    }
    object.remove("oneOf");
    object.insert("type".to_owned(), json!("string"));
    object.insert("enum".to_owned(), variants.into_iter().map(|(name, _)| Value::String(name)).collect());
    object.insert("description".to_owned(), Value::String(description));
}

/// The API server refuses a number that its type cannot hold: otherwise it would be stored, and the operator could not
/// read it. The formats of Rust's own types are removed, since the API server warns about formats that it does not
/// know.
fn numbers_with_limits(object: &mut Map<String, Value>) {
    if object.get("type") != Some(&json!("integer")) {
        return;
    }
    let most: i64 = match object.get("format").and_then(Value::as_str) {
        Some("uint8") => u8::MAX.into(),
        Some("uint16") => u16::MAX.into(),
        Some("uint32") => u32::MAX.into(),
        Some("int32") => i32::MAX.into(),
        Some(_) | None => return,
    };
    object.entry("maximum").or_insert(json!(most));
    if object.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with('u')) {
        object.remove("format");
    } else {
        object.entry("minimum").or_insert(json!(i32::MIN));
    }
}
