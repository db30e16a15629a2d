//! How the children change, and with them the pods. Pure.

use serde_json::Value;

use super::{
    content::{Becomes, ChildChange},
    fields,
};
use crate::desired::{Child, ChildKind};

/// How many paths of one child are shown at most.
const PATHS: usize = 6;

/// The changes between the children of two specs.
pub(super) fn changes(before: &[Child], after: &[Child]) -> Vec<ChildChange> {
    let change = |child: &Child, becomes| ChildChange { kind: child.kind.as_str(), name: child.name.clone(), becomes };
    let mut found = Vec::new();
    for child in after {
        match same(child, before) {
            None => found.push(change(child, Becomes::Created)),
            Some(earlier) => {
                let mut paths: Vec<String> = fields::changes("", Some(&earlier.object), Some(&child.object))
                    .into_iter()
                    .map(|field| field.path.trim_start_matches('.').to_owned())
                    .collect();
                if paths.len() > PATHS {
                    let more = paths.len() - PATHS;
                    paths.truncate(PATHS);
                    paths.push(format!("{more} more"));
                }
                if !paths.is_empty() {
                    found.push(change(child, Becomes::Changed(paths)));
                }
            }
        }
    }
    // An old config stays while a ReplicaSet names it.
    let gone = before.iter().filter(|child| child.kind != ChildKind::ConfigMap && same(child, after).is_none());
    found.extend(gone.map(|child| change(child, Becomes::Removed)));
    found
}

/// What happens to the pods of each Deployment. `live`: its present count.
pub(super) fn pods(before: &[Child], after: &[Child], live: impl Fn(&str) -> Option<i32>) -> Vec<String> {
    let deployments = |children: &[Child]| -> Vec<Child> {
        children.iter().filter(|child| child.kind == ChildKind::Deployment).cloned().collect()
    };
    let (before, after) = (deployments(before), deployments(after));
    let mut sentences = Vec::new();
    for child in &after {
        let name = &child.name;
        let count = |child: &Child| {
            let count = child.object["spec"]["replicas"].as_i64().and_then(|count| i32::try_from(count).ok());
            count.or(child.initial_replicas).unwrap_or(1)
        };
        let wanted = count(child);
        let Some(earlier) = same(child, &before) else {
            sentences.push(format!("{name}: {wanted} start"));
            continue;
        };
        let now = live(name).unwrap_or_else(|| count(earlier));
        if template(earlier) != template(child) && now > 0 {
            sentences.push(format!("{name}: {now} roll"));
        }
        // If an autoscaler sets the count, the children do not contain it.
        if earlier.object["spec"]["replicas"] != child.object["spec"]["replicas"] && wanted != now {
            sentences.push(format!("{name}: from {now} to {wanted}"));
        }
    }
    for child in before.iter().filter(|child| same(child, &after).is_none()) {
        sentences.push(format!("{}: all stop", child.name));
    }
    sentences
}

fn template(deployment: &Child) -> &Value {
    &deployment.object["spec"]["template"]
}

fn same<'a>(child: &Child, others: &'a [Child]) -> Option<&'a Child> {
    others.iter().find(|other| other.kind == child.kind && other.name == child.name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn child(kind: ChildKind, name: &str, spec: &Value) -> Child {
        Child { kind, name: name.to_owned(), object: json!({ "spec": spec }), initial_replicas: None }
    }

    #[test]
    fn pods_roll_when_their_template_changes_and_only_then() {
        let deployment = |name: &str, replicas: i32, image: &str| {
            child(ChildKind::Deployment, name, &json!({ "replicas": replicas, "template": { "image": image } }))
        };
        let before = [deployment("a", 2, "1"), deployment("b", 1, "1"), deployment("gone", 1, "1")];
        let after = [deployment("a", 2, "2"), deployment("b", 3, "1"), deployment("new", 2, "1")];
        let live = |name: &str| (name == "a").then_some(5);
        assert_eq!(pods(&before, &after, live), ["a: 5 roll", "b: from 1 to 3", "new: 2 start", "gone: all stop"]);
        assert!(pods(&before, &before, live).is_empty());
    }

    #[test]
    fn children_come_change_and_go() {
        let map = |name: &str| child(ChildKind::ConfigMap, name, &json!({}));
        let service = |port: i32| child(ChildKind::Service, "s", &json!({ "port": port }));
        let budget = child(ChildKind::PodDisruptionBudget, "p", &json!({}));
        let found = changes(&[map("c-1"), service(1), budget], &[map("c-2"), service(2)]);
        let said: Vec<_> = found.iter().map(|change| (change.kind, change.becomes.clone())).collect();
        assert_eq!(
            said,
            [
                ("ConfigMap", Becomes::Created),
                ("Service", Becomes::Changed(vec!["spec.port".to_owned()])),
                ("PodDisruptionBudget", Becomes::Removed)
            ]
        );
    }
}
