//! The rules about fields of both kinds that neither a type nor a CEL rule checks.

use std::collections::BTreeSet;

use hoopoe_crds::{Invalid, workload::Workload};

use super::{pieces, pod_template};
use crate::{
    names::{MANAGED_BY_LABEL, SECRETS_HASH_ANNOTATION, SELECTOR_LABELS},
    resource::ResourceId,
};

/// A Deployment's own default for `progressDeadlineSeconds`.
const PROGRESS_DEADLINE_SECONDS: u128 = 600;

/// The broken rules.
pub(super) fn broken_rules(id: &ResourceId, workload: &Workload) -> Vec<Invalid> {
    let mut found = Vec::new();
    let mut broken = |field: String, detail: &str| found.push(Invalid { field, detail: detail.to_owned() });
    for label in SELECTOR_LABELS.iter().chain([&MANAGED_BY_LABEL]) {
        if workload.labels.contains_key(*label) {
            broken(format!("spec.labels[{label}]"), "must not be set: the operator finds its objects by this label");
        }
    }
    if workload.annotations.contains_key(SECRETS_HASH_ANNOTATION) {
        let field = format!("spec.annotations[{SECRETS_HASH_ANNOTATION}]");
        broken(field, "must not be set: the operator rolls pods by this annotation");
    }
    let mut names = BTreeSet::new();
    for (index, variable) in workload.extra_env.iter().enumerate() {
        match variable["name"].as_str() {
            None => broken(format!("spec.extraEnv[{index}].name"), "must be set"),
            Some(name) if !names.insert(name) => {
                broken(format!("spec.extraEnv[{index}].name"), "must not be the name of an earlier entry");
            }
            Some(_) => {}
        }
    }
    if let Some(rollout) = &workload.rollout {
        let deadline = rollout.progress_deadline;
        let seconds = deadline.map_or(PROGRESS_DEADLINE_SECONDS, |deadline| deadline.0.as_millis().div_ceil(1000));
        let ready = u128::try_from(rollout.min_ready_seconds.unwrap_or(0)).unwrap_or(0);
        // Another rule refuses 0, and names its field.
        if (1..=ready).contains(&seconds) {
            let detail = "must be longer than minReadySeconds, or no rollout could be completed; its default is 600s";
            broken("spec.rollout.progressDeadline".to_owned(), detail);
        }
        if seconds > u128::from(i32::MAX.unsigned_abs()) {
            broken("spec.rollout.progressDeadline".to_owned(), "must be at most 2147483647s");
        }
    }
    found.extend(pieces::broken_rules(workload));
    if let Some(patch) = &workload.pod_template {
        found.extend(pod_template::broken_rules(id, patch));
    }
    found
}
