//! How a change of a Deployment is rolled out.

use hoopoe_crds::workload::{IntOrPercent, Rollout, Spread};
use serde_json::{Map, Value, json};

/// Old revisions that are kept; a Deployment's own default of 10 would keep as many configs.
const REVISIONS: i32 = 3;

/// The fields of a Deployment's spec that say how it is rolled out.
pub(super) fn fields(rollout: Option<&Rollout>, spread: Spread) -> Map<String, Value> {
    let default = Rollout {
        max_surge: None,
        max_unavailable: None,
        min_ready_seconds: None,
        progress_deadline: None,
        revision_history_limit: REVISIONS,
    };
    let Rollout { max_surge, max_unavailable, min_ready_seconds, progress_deadline, revision_history_limit } =
        rollout.unwrap_or(&default);
    let mut fields = Map::from_iter([("revisionHistoryLimit".to_owned(), json!(revision_history_limit))]);
    if let Some(seconds) = min_ready_seconds {
        fields.insert("minReadySeconds".to_owned(), json!(seconds));
    }
    if let Some(deadline) = progress_deadline {
        fields.insert("progressDeadlineSeconds".to_owned(), json!(deadline.0.as_millis().div_ceil(1000)));
    }
    let (surge, unavailable) = match spread {
        Spread::Preferred | Spread::None => (max_surge.clone(), max_unavailable.clone()),
        Spread::Required => apart(max_surge.clone(), max_unavailable.clone()),
    };
    let mut rolling = Map::new();
    for (field, share) in [("maxSurge", surge), ("maxUnavailable", unavailable)] {
        if let Some(share) = share {
            rolling.insert(field.to_owned(), json!(share));
        }
    }
    let mut strategy = Map::from_iter([("type".to_owned(), json!("RollingUpdate"))]);
    if !rolling.is_empty() {
        strategy.insert("rollingUpdate".to_owned(), Value::Object(rolling));
    }
    fields.insert("strategy".to_owned(), Value::Object(strategy));
    fields
}

/// If each pod needs a node of its own, an old pod stops before a new one starts, since there may be no free node. The
/// spec's own values win.
fn apart(
    surge: Option<IntOrPercent>,
    unavailable: Option<IntOrPercent>,
) -> (Option<IntOrPercent>, Option<IntOrPercent>) {
    // Kubernetes refuses maxSurge = maxUnavailable = 0, so maxUnavailable: 0 implies maxSurge: 1.
    let none_goes = unavailable.as_ref().is_some_and(|unavailable| match unavailable {
        IntOrPercent::Int(number) => *number == 0,
        IntOrPercent::Percent(percent) => percent.trim_start_matches('0') == "%",
    });
    let surge = surge.unwrap_or(IntOrPercent::Int(i32::from(none_goes)));
    (Some(surge), Some(unavailable.unwrap_or(IntOrPercent::Int(1))))
}
