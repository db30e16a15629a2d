//! The children that an earlier spec of a resource needed and its present spec does not. Pure.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::desired::{Child, ChildKind};

/// An object's kind and name.
pub(super) type Key = (ChildKind, String);

/// Those of `owned` that the present spec does not need. What is applied last is removed first.
pub(super) fn orphans(owned: Vec<Key>, children: &[Child]) -> Vec<Key> {
    let wanted: BTreeSet<(ChildKind, &str)> = children.iter().map(|child| (child.kind, child.name.as_str())).collect();
    let mut orphans: Vec<Key> =
        owned.into_iter().filter(|(kind, name)| !wanted.contains(&(*kind, name.as_str()))).collect();
    orphans.sort();
    orphans.dedup();
    orphans.reverse();
    orphans
}

/// Whether a pod template names this config anywhere: a `podTemplate` may have moved it.
pub(super) fn is_named(config: &str, template: &Value) -> bool {
    match template {
        Value::String(text) => text == config,
        Value::Array(items) => items.iter().any(|item| is_named(config, item)),
        Value::Object(map) => map.values().any(|value| is_named(config, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        ChildKind::{ConfigMap, Deployment, HorizontalPodAutoscaler, Service},
        *,
    };

    #[test]
    fn what_nobody_asks_for_goes_the_last_applied_first() {
        let child =
            |kind, name: &str| Child { kind, name: name.to_owned(), object: Value::Null, initial_replicas: None };
        let key = |kind, name: &str| (kind, name.to_owned());
        let children = [child(Deployment, "a"), child(ConfigMap, "a-1")];
        let owned = vec![
            key(ConfigMap, "a-0"),
            key(Deployment, "a"),
            key(HorizontalPodAutoscaler, "a"),
            key(Service, "a"),
            key(ConfigMap, "a-1"),
            key(Service, "a"),
        ];
        let expected = [key(HorizontalPodAutoscaler, "a"), key(Service, "a"), key(ConfigMap, "a-0")];
        assert_eq!(orphans(owned, &children), expected);
    }

    #[test]
    fn a_config_is_named_wherever_it_stands() {
        let sources = json!([{"configMap": {"name": "a-0"}}]);
        assert!(is_named("a-0", &json!({"spec": {"volumes": [{"projected": {"sources": sources}}]}})));
        assert!(!is_named("a-1", &json!({"spec": {"volumes": [{"projected": {"sources": sources}}]}})));
        assert!(!is_named("a-0", &json!({"spec": {"a-0": "b"}})));
    }
}
