//! A strategic merge patch over a pod template, as `kubectl patch` does it.
//!
//! No crate does it: `k8s_openapi::DeepMerge` knows the merge keys, but has neither deletion nor order, and merges as
//! server-side apply does (a `nodeSelector` as a whole, for example). The tests compare this code with a real API
//! server's answers (`operator/tests/it/apply/pod_template.rs`).

use serde_json::{Map, Value};

/// Where a patch does not fit, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The path in the patch, e.g. `spec.containers[0]`; empty: the patch itself.
    pub path: String,
    /// What is wrong there.
    pub detail: String,
}

/// What `$patch` may say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Replace,
    Delete,
}

/// How a list of a pod template takes a patch.
enum ListStrategy {
    /// The items are maps, identified by this key.
    MergeBy(&'static str),
    /// The items are texts, each occurs once.
    Set,
    /// The patch replaces the whole list.
    Replace,
}

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const ELEMENT_ORDER: &str = "$setElementOrder/";
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList/";

/// Merges `patch` into `template`, a pod template: `metadata` and `spec`.
pub fn merge(template: &mut Value, patch: &Value) -> Result<(), Unfit> {
    let Some(patch) = patch.as_object() else { return Err(unfit("", "must be an object")) };
    let Some(template) = template.as_object_mut() else { return Err(unfit("", "needs a template that is an object")) };
    if !merge_map(template, patch, "")? {
        template.clear();
    }
    Ok(())
}

/// The fields with a `patchStrategy` in Kubernetes' types of a pod template (1.36); their names are not used there for
/// other lists.
fn strategy(field: &str) -> ListStrategy {
    match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "env"
        | "volumes"
        | "imagePullSecrets"
        | "schedulingGates"
        | "resourceClaims" => ListStrategy::MergeBy("name"),
        "ports" => ListStrategy::MergeBy("containerPort"),
        "volumeMounts" => ListStrategy::MergeBy("mountPath"),
        "volumeDevices" => ListStrategy::MergeBy("devicePath"),
        "hostAliases" => ListStrategy::MergeBy("ip"),
        "topologySpreadConstraints" => ListStrategy::MergeBy("topologyKey"),
        "ownerReferences" => ListStrategy::MergeBy("uid"),
        "finalizers" => ListStrategy::Set,
        _ => ListStrategy::Replace,
    }
}

/// Returns `false` if the map is to be removed.
fn merge_map(original: &mut Map<String, Value>, patch: &Map<String, Value>, path: &str) -> Result<bool, Unfit> {
    match directive(patch, path)? {
        Some(Directive::Delete) => return Ok(false),
        Some(Directive::Replace) => {
            *original = cleaned_map(patch);
            return Ok(true);
        }
        None => {}
    }
    retain_keys(original, patch, path)?;
    for (key, value) in patch {
        if let Some(field) = key.strip_prefix(DELETE_FROM_LIST) {
            let gone = list(value, &at(path, key))?;
            if let Some(Value::Array(items)) = original.get_mut(field) {
                items.retain(|item| !gone.contains(item));
            }
        } else if let Some(field) = key.strip_prefix(ELEMENT_ORDER) {
            // If the patch also holds the same list, that list is merged below.
            if let (None, Some(Value::Array(items))) = (patch.get(field), original.get_mut(field)) {
                let before = items.clone();
                let order = list(value, &at(path, key))?;
                *items = ordered(std::mem::take(items), order, &before, &strategy(field));
            }
        } else if key != RETAIN_KEYS {
            let order = patch.get(&format!("{ELEMENT_ORDER}{key}"));
            merge_field(original, key, value, order, &at(path, key))?;
        }
    }
    Ok(true)
}

fn merge_field(
    original: &mut Map<String, Value>,
    key: &str,
    patch: &Value,
    order: Option<&Value>,
    path: &str,
) -> Result<(), Unfit> {
    let kept = match (original.get_mut(key), patch) {
        (_, Value::Null) => None,
        (Some(Value::Object(before)), Value::Object(patch)) => {
            merge_map(before, patch, path)?.then(|| Value::Object(std::mem::take(before)))
        }
        (before, Value::Array(patch)) => {
            let before = before.and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
            let order = order.map(|order| list(order, path)).transpose()?;
            Some(Value::Array(merge_list(before, patch, order, &strategy(key), path)?))
        }
        (_, patch) => {
            if let Value::Object(map) = patch {
                directive(map, path)?;
            }
            cleaned(patch)
        }
    };
    match kept {
        Some(value) => original.insert(key.to_owned(), value),
        None => original.remove(key),
    };
    Ok(())
}

fn merge_list(
    before: Vec<Value>,
    patch: &[Value],
    order: Option<&[Value]>,
    strategy: &ListStrategy,
    path: &str,
) -> Result<Vec<Value>, Unfit> {
    let key = match strategy {
        ListStrategy::Replace => return Ok(patch.iter().filter_map(cleaned).collect()),
        ListStrategy::Set => {
            let mut merged = before.clone();
            merged.extend(patch.iter().filter(|item| !before.contains(item)).cloned());
            return Ok(ordered(merged, order.unwrap_or(patch), &before, strategy));
        }
        ListStrategy::MergeBy(key) => *key,
    };
    let mut merged = before;
    let mut plain = Vec::new();
    for (index, item) in patch.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let Value::Object(map) = item else { return Err(unfit(&path, "must be an object")) };
        let name = map.get(key).filter(|name| !name.is_null());
        match directive(map, &path)? {
            // One such item means that the other items replace the list.
            Some(Directive::Replace) => merged.clear(),
            Some(Directive::Delete) => {
                let name = name.ok_or_else(|| unfit(&path, format!("must have a {key}, which says what to delete")))?;
                merged.retain(|item| item.get(key) != Some(name));
            }
            None => {
                name.ok_or_else(|| unfit(&path, format!("must have a {key}, by which this list is merged")))?;
                plain.push((map, item, path));
            }
        }
    }
    let left = merged.clone();
    for (map, item, path) in &plain {
        match merged.iter_mut().find(|other| other.get(key) == item.get(key)) {
            Some(Value::Object(other)) => {
                merge_map(other, map, path)?;
            }
            Some(_) | None => merged.extend(cleaned(item)),
        }
    }
    let patched: Vec<Value> = plain.iter().map(|(_, item, _)| (*item).clone()).collect();
    Ok(ordered(merged, order.unwrap_or(&patched), &left, strategy))
}

/// The items that `order` names get its order, the others that of `before`. Between an item of each, their order in
/// `before` decides if both were in it; otherwise the item that `order` names comes first.
fn ordered(items: Vec<Value>, order: &[Value], before: &[Value], strategy: &ListStrategy) -> Vec<Value> {
    let identity = |item: &Value| match strategy {
        ListStrategy::MergeBy(key) => item.get(*key).cloned().unwrap_or_default(),
        ListStrategy::Set | ListStrategy::Replace => item.clone(),
    };
    let place = |list: &[Value], item: &Value| list.iter().position(|other| identity(other) == identity(item));
    let (mut named, mut others): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| place(order, item).is_some());
    named.sort_by_key(|item| place(order, item));
    others.sort_by_key(|item| place(before, item));
    let (mut named, mut others) = (named.into_iter().peekable(), others.into_iter().peekable());
    let mut all = Vec::new();
    loop {
        let other_first = match (others.peek(), named.peek()) {
            (Some(other), Some(named)) => match (place(before, other), place(before, named)) {
                (Some(other), Some(named)) => other < named,
                (Some(_) | None, None) | (None, Some(_)) => false,
            },
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => return all,
        };
        all.extend(if other_first { others.next() } else { named.next() });
    }
}

/// `$retainKeys`: what it does not list goes; what the patch sets must be in it.
fn retain_keys(original: &mut Map<String, Value>, patch: &Map<String, Value>, path: &str) -> Result<(), Unfit> {
    let Some(retained) = patch.get(RETAIN_KEYS) else { return Ok(()) };
    let retained = list(retained, &at(path, RETAIN_KEYS))?;
    let keeps = |key: &str| retained.iter().any(|retained| retained.as_str() == Some(key));
    if let Some((key, _)) = patch.iter().find(|(key, value)| !key.starts_with('$') && !value.is_null() && !keeps(key)) {
        return Err(unfit(&at(path, RETAIN_KEYS), format!("must list {key}, which the patch sets")));
    }
    original.retain(|key, _| keeps(key));
    Ok(())
}

fn directive(patch: &Map<String, Value>, path: &str) -> Result<Option<Directive>, Unfit> {
    match patch.get(PATCH).map(Value::as_str) {
        None => Ok(None),
        Some(Some("replace")) => Ok(Some(Directive::Replace)),
        Some(Some("delete")) => Ok(Some(Directive::Delete)),
        Some(_) => Err(unfit(&at(path, PATCH), "must be replace or delete")),
    }
}

fn list<'a>(value: &'a Value, path: &str) -> Result<&'a [Value], Unfit> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| unfit(path, "must be a list"))
}

/// A new value, without nulls and directives; `None`: it is only a directive.
fn cleaned(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Object(map) if map.get(PATCH).is_some_and(|directive| directive == "delete") => None,
        Value::Object(map) => Some(Value::Object(cleaned_map(map))),
        Value::Array(items) => Some(Value::Array(items.iter().filter_map(cleaned).collect())),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(value.clone()),
    }
}

fn cleaned_map(map: &Map<String, Value>) -> Map<String, Value> {
    let kept = map.iter().filter(|(key, _)| !key.starts_with('$'));
    kept.filter_map(|(key, value)| cleaned(value).map(|value| (key.clone(), value))).collect()
}

fn at(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn unfit(path: &str, detail: impl Into<String>) -> Unfit {
    Unfit { path: path.to_owned(), detail: detail.into() }
}

#[cfg(test)]
mod tests;
