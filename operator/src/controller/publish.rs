//! What a reconcile publishes: the status if it changed, an Event if Ready changed; and when to look again.

use std::{fmt::Debug, time::Duration};

use k8s_openapi::{NamespaceResourceScope, apimachinery::pkg::apis::meta::v1::Condition};
use kube::{
    Api, Resource,
    api::{Patch, PatchParams},
    runtime::{
        controller::Action,
        events::{Event, EventType},
    },
};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{context::Context, error::ReconcileError, kind::ReconciledStatus};
use crate::{
    metrics::{KindLabel, ResourceLabels},
    resource::Meta,
};

/// The field manager of statuses.
const STATUS_MANAGER: &str = "hoopoe-operator-status";
/// How often a broker's objects are checked: a change by hand is undone within this time.
const SETTLED: Duration = Duration::from_secs(60);
/// How often we look while something is not as wanted; the watches may cause an earlier look.
const UNSETTLED: Duration = Duration::from_secs(10);
/// How often we look while there is an obstacle that no retry removes: a user may have removed it.
const STALLED: Duration = Duration::from_secs(20);
/// How soon we look when the caches do not show one of our writes yet.
const UNSEEN: Duration = Duration::from_secs(3);

/// Writes the status if it changed, and an Event if Ready changed.
pub async fn publish<K, S>(
    ctx: &Context,
    resource: &K,
    meta: &Meta,
    before: &S,
    after: &S,
) -> Result<(), ReconcileError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    S: ReconciledStatus,
{
    let labels = ResourceLabels {
        kind: meta.id.kind.as_str(),
        namespace: meta.id.namespace.clone(),
        name: meta.id.name.clone(),
    };
    ctx.metrics.ready.get_or_create(&labels).set(i64::from(is_ready(after.conditions())));
    if before == after && !ctx.caches.statuses.is_unanswered(resource.meta()) {
        return Ok(());
    }
    let api: Api<K> = Api::namespaced(ctx.client.clone(), &meta.id.namespace);
    // Applied instead of merged, so that fields that are left out are removed.
    let patch = json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        "metadata": { "name": meta.id.name, "uid": meta.uid },
        "status": after,
    });
    let params = PatchParams::apply(STATUS_MANAGER).force();
    let written = api.patch_status(&meta.id.name, &params, &Patch::Apply(&patch)).await;
    match written {
        Ok(answer) => ctx.caches.statuses.taken(answer.meta(), || ctx.caches.version(&meta.id), after),
        // The resource was removed in the meantime. A new one of this name has another uid, so the write is a conflict.
        Err(kube::Error::Api(status)) if status.code == 404 || status.code == 409 => return Ok(()),
        Err(error) => {
            ctx.caches.statuses.unanswered(resource.meta());
            return Err(ReconcileError::StatusUnwritten(Box::new(error)));
        }
    }
    ctx.metrics.status_writes.get_or_create(&KindLabel { kind: meta.id.kind.as_str() }).inc();
    let (was, is) = (ready(before.conditions()), ready(after.conditions()));
    if let Some(is) = is
        && was.is_none_or(|was| was.status != is.status || was.reason != is.reason)
    {
        let kind = if is.status == "True" { EventType::Normal } else { EventType::Warning };
        let reason = if is.status == "True" { "Ready" } else { is.reason.as_str() };
        say(ctx, resource, kind, reason, &is.message).await;
    }
    Ok(())
}

/// Writes an Event on the resource. If that fails, the reconcile goes on.
pub async fn say<K: Resource<DynamicType = ()>>(
    ctx: &Context,
    resource: &K,
    kind: EventType,
    reason: &str,
    note: &str,
) {
    // The API server accepts at most 1 KiB.
    let mut note = note.to_owned();
    note.truncate(note.floor_char_boundary(1000));
    let event = Event {
        type_: kind,
        reason: reason.to_owned(),
        note: Some(note),
        action: "Reconcile".to_owned(),
        secondary: None,
    };
    if let Err(error) = ctx.events.publish(&event, &resource.object_ref(&())).await {
        tracing::warn!(%error, reason, "failed to write an Event");
    }
}

/// When to look again.
pub fn again(after: &[Condition], unseen: bool) -> Action {
    let said = |kind| after.iter().any(|condition| condition.type_ == kind);
    Action::requeue(if unseen {
        UNSEEN
    } else if said("Reconciling") {
        UNSETTLED
    } else if said("Stalled") {
        STALLED
    } else {
        SETTLED
    })
}

/// Whether the last status described this generation and said that the broker's objects are as the spec asks.
pub fn was_settled(observed_generation: Option<i64>, meta: &Meta, before: &[Condition]) -> bool {
    observed_generation == Some(meta.generation)
        && before.iter().any(|condition| condition.type_ == "TopologyReady" && condition.status == "True")
}

fn ready(conditions: &[Condition]) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.type_ == "Ready")
}

fn is_ready(conditions: &[Condition]) -> bool {
    ready(conditions).is_some_and(|condition| condition.status == "True")
}
