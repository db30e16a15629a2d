//! What the pods of a Deployment say of the servers that they use. Pure.

use std::{collections::BTreeMap, fmt::Write};

use k8s_openapi::api::apps::v1::Deployment;
use serde_json::Value;

use super::ChainLink;

/// The Deployment itself.
pub(super) fn deployment(name: &str, there: Option<&Deployment>) -> ChainLink {
    let what = format!("Deployment {name}");
    let Some(Deployment { metadata, spec, status }) = there else { return ChainLink::fails(what, "it does not exist") };
    let wanted = spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let status = status.clone().unwrap_or_default();
    let (ready, updated) = (status.ready_replicas.unwrap_or_default(), status.updated_replicas.unwrap_or_default());
    let stuck = status.conditions.iter().flatten().find(|condition| {
        (condition.type_ == "Progressing" && condition.status == "False")
            || (condition.type_ == "ReplicaFailure" && condition.status == "True")
    });
    let mut detail = format!("{ready} of {wanted} ready, {updated} updated");
    if let Some(stuck) = stuck {
        let why = stuck.message.as_deref().or(stuck.reason.as_deref()).unwrap_or("stuck");
        // Writing to a String cannot fail.
        let _ = write!(detail, ": {why}");
    }
    let seen = status.observed_generation >= metadata.generation;
    ChainLink::of(seen && stuck.is_none() && ready >= wanted && updated >= wanted, what, detail)
}

/// Each server, as the pods see it: `answers` holds what each said at `/readyz`, or why it could not be asked.
pub(super) fn servers(role: &str, answers: &[(String, Result<Value, String>)]) -> Vec<ChainLink> {
    let mut parts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut links = Vec::new();
    for (pod, answer) in answers {
        match answer {
            Err(why) => links.push(ChainLink::unknown(format!("pod {pod}"), why.clone())),
            Ok(report) => {
                for part in report["parts"].as_array().into_iter().flatten() {
                    let (up, all) = parts.entry(part["name"].as_str().unwrap_or("?").to_owned()).or_default();
                    *all += 1;
                    *up += usize::from(part["up"] == true);
                }
            }
        }
    }
    links.extend(parts.into_iter().map(|(part, (up, all))| {
        ChainLink::of(
            up == all,
            format!("{part}, seen by the {role}"),
            format!("answers {up} of {all} pods that were asked"),
        )
    }));
    links
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::LinkState, *};

    #[test]
    fn a_server_that_one_pod_does_not_reach_fails() {
        let report = |postgres: bool| {
            let parts = json!([{ "name": "broker", "up": true }, { "name": "postgres", "up": postgres }]);
            json!({ "ready": true, "parts": parts })
        };
        let answers = [
            ("a".to_owned(), Ok(report(true))),
            ("b".to_owned(), Ok(report(false))),
            ("c".to_owned(), Err("403".to_owned())),
        ];
        let said: Vec<_> = servers("workers", &answers).into_iter().map(|link| (link.what, link.state)).collect();
        assert_eq!(
            said,
            [
                ("pod c".to_owned(), LinkState::Unknown),
                ("broker, seen by the workers".to_owned(), LinkState::Holds),
                ("postgres, seen by the workers".to_owned(), LinkState::Fails)
            ]
        );
    }

    #[test]
    fn a_deployment_holds_when_what_was_asked_for_is_ready() {
        let there = |replicas: i32, ready: i32| -> Deployment {
            serde_json::from_value(json!({
                "metadata": { "generation": 2 },
                "spec": { "replicas": replicas, "selector": {}, "template": {} },
                "status": { "observedGeneration": 2, "readyReplicas": ready, "updatedReplicas": ready },
            }))
            .unwrap()
        };
        assert_eq!(deployment("a", None).state, LinkState::Fails);
        assert_eq!(deployment("a", Some(&there(2, 2))).state, LinkState::Holds);
        assert_eq!(deployment("a", Some(&there(0, 0))).state, LinkState::Holds);
        assert_eq!(deployment("a", Some(&there(2, 1))).state, LinkState::Fails);
    }
}
