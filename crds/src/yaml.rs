//! YAML as JSON. A key that occurs twice is refused; read straight into JSON, its second value would silently win.

use serde::Deserialize;
use serde_json::Value;

/// The one document of a text.
pub(crate) fn from_text(text: &str) -> Result<Value, String> {
    from_document(serde_yaml::Deserializer::from_str(text))
}

/// One document.
pub(crate) fn from_document(document: serde_yaml::Deserializer<'_>) -> Result<Value, String> {
    let yaml = serde_yaml::Value::deserialize(document).map_err(|error| error.to_string())?;
    serde_json::to_value(yaml).map_err(|error| error.to_string())
}
