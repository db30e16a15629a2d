//! The schema of the specs in the values of the chart `hoopoe`, from the schema that the API server checks them by.
//!
//! A structural schema is nearly JSON Schema draft 7, which Helm takes. What only Kubernetes knows is translated or
//! left out. Objects are closed: the API server would drop an unknown field with a warning that few people see.

use hoopoe_crds::{NotifConsumer, NotifProducer};
use kube::CustomResourceExt;
use serde_json::{Map, Value, json};

/// The chart fills these from values of its own, for all resources at once.
const FROM_OTHER_VALUES: [&str; 3] = ["broker", "postgres", "redis"];

/// Puts the schemas of both kinds into the `definitions` of a values schema: `producerSpec` and `consumerSpec`, and for
/// what is merged under each spec `producerDefaults` and `consumerDefaults`, in which nothing is required.
pub fn fill(schema: &mut Value) {
    for (kind, crd) in [("producer", json!(NotifProducer::crd())), ("consumer", json!(NotifConsumer::crd()))] {
        let mut spec = draft7(&crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]);
        for part in FROM_OTHER_VALUES {
            if let Some(part) = spec["properties"].get_mut(part) {
                without_required(part);
            }
        }
        if let Some(required) = spec.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|field| !FROM_OTHER_VALUES.iter().any(|part| field == part));
        }
        let mut defaults = spec.clone();
        without_required(&mut defaults);
        without_descriptions(&mut defaults);
        schema["definitions"][format!("{kind}Spec")] = spec;
        schema["definitions"][format!("{kind}Defaults")] = defaults;
    }
}

/// One schema and all below it.
fn draft7(schema: &Value) -> Value {
    let Some(schema) = schema.as_object() else { return schema.clone() };
    let is = |key: &str| schema.get(key) == Some(&Value::Bool(true));
    let mut out = Map::new();
    for (key, value) in schema {
        let kept = match key.as_str() {
            "properties" => value.as_object().map(|properties| {
                Value::Object(properties.iter().map(|(name, schema)| (name.clone(), draft7(schema))).collect())
            }),
            "items" | "additionalProperties" | "not" => Some(draft7(value)),
            "allOf" | "anyOf" | "oneOf" => value.as_array().map(|all| all.iter().map(draft7).collect()),
            // The API server fills in defaults, knows more formats, and runs the rules.
            "default" | "format" | "nullable" => None,
            name if name.starts_with("x-kubernetes-") => None,
            _ => Some(value.clone()),
        };
        if let Some(kept) = kept {
            out.insert(key.clone(), kept);
        }
    }
    if is("x-kubernetes-int-or-string") {
        out.insert("type".to_owned(), json!(["integer", "string"]));
    } else if is("nullable") && out.contains_key("type") {
        out["type"] = json!([out["type"], "null"]);
    }
    let closed = out.contains_key("properties") && !is("x-kubernetes-preserve-unknown-fields");
    if closed && !out.contains_key("additionalProperties") {
        out.insert("additionalProperties".to_owned(), json!(false));
    }
    Value::Object(out)
}

fn without_required(schema: &mut Value) {
    each_schema(schema, &|schema| drop(schema.remove("required")));
}

fn without_descriptions(schema: &mut Value) {
    each_schema(schema, &|schema| drop(schema.remove("description")));
}

fn each_schema(schema: &mut Value, change: &impl Fn(&mut Map<String, Value>)) {
    let Some(schema) = schema.as_object_mut() else { return };
    change(schema);
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for schema in properties.values_mut() {
            each_schema(schema, change);
        }
    }
    for key in ["items", "additionalProperties", "not"] {
        if let Some(schema) = schema.get_mut(key) {
            each_schema(schema, change);
        }
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        if let Some(Value::Array(schemas)) = schema.get_mut(key) {
            for schema in schemas {
                each_schema(schema, change);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> Value {
        let mut schema = json!({ "definitions": { "kept": true } });
        fill(&mut schema);
        schema["definitions"].take()
    }

    #[test]
    fn objects_are_closed_unless_they_are_passed_through() {
        let definitions = filled();
        let consumer = &definitions["consumerSpec"];
        assert_eq!(definitions["kept"], true);
        assert_eq!(consumer["additionalProperties"], false);
        assert_eq!(consumer["properties"]["queue"]["additionalProperties"], false);
        assert_eq!(consumer["properties"]["podTemplate"].get("additionalProperties"), None);
        assert_eq!(consumer["properties"]["labels"]["additionalProperties"], json!({ "type": "string" }));
        assert_eq!(
            consumer["properties"]["disruption"]["properties"]["maxUnavailable"]["type"],
            json!(["integer", "string"])
        );
    }

    #[test]
    fn what_the_chart_fills_in_is_not_required_and_the_rest_is() {
        let definitions = filled();
        let required = |name: &str| definitions[name]["required"].clone();
        assert_eq!(
            (required("producerSpec"), required("consumerSpec")),
            (json!(["exchange"]), json!(["bindings", "queue"]))
        );
        assert_eq!(required("consumerDefaults"), Value::Null);
        assert_eq!(definitions["consumerSpec"]["properties"]["broker"]["required"], Value::Null);
        assert_eq!(definitions["consumerSpec"]["properties"]["queue"]["required"], json!(["name"]));
        assert_eq!(definitions["consumerDefaults"]["properties"]["queue"]["required"], Value::Null);
    }

    #[test]
    fn nothing_of_kubernetes_own_is_left_and_nothing_is_made_up() {
        assert_eq!(filled()["producerSpec"]["properties"].get("postgres"), None);
        let text = filled().to_string();
        assert!(!text.contains("\"x-kubernetes-") && !text.contains("\"nullable\""), "{text}");
    }
}
