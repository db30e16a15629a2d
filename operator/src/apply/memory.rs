//! What we sent, and whether it must be sent again. Pure.

use std::time::{Duration, Instant};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta, Time};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{FIELD_MANAGER, ObservedMeta, observed::Pairs};
use crate::desired::{Child, ChildKind};

/// How long the caches may take to show what we wrote. A watch delivers within milliseconds, so what it does not show
/// after this time was removed.
const CACHE_LAG: Duration = Duration::from_secs(10);

/// The shortest time between two applies of an object of which something moved that we do not write. A kind without a
/// generation does not show whether its status or its spec moved, and the status of an autoscaler moves every 15 s.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What we remember of a child that we applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// The hash of the object that we sent.
    pub digest: Digest,
    /// The object's uid, from the API server's answer.
    pub uid: String,
    /// The object's resourceVersion, from the same answer.
    pub resource_version: String,
    /// The object's generation, from the same answer; not every kind has it.
    pub generation: Option<i64>,
    /// When we sent it.
    pub at: Instant,
    /// Whether the caches have shown this write since.
    pub seen: bool,
    /// When our fields of it last changed, to the second. An apply that changes nothing does not move it.
    pub applied_at: Option<Time>,
    /// How many times in a row we applied it because of drift although nothing had drifted.
    pub idle: u32,
    /// Whether its count is already left to an autoscaler.
    pub handed_over: bool,
}

pub(super) type Digest = [u8; 32];

/// What to do with a child now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChildStep {
    /// Nothing: it is as we wrote it.
    Leave,
    /// Look again after this time: the caches do not show our write yet, or we just applied it without need.
    Await(Duration),
    /// Apply it.
    Write {
        /// First ask the API server who owns the object of that name.
        look: bool,
        /// Whether another client changed or removed what we wrote.
        drift: bool,
    },
}

pub(super) fn digest(child: &Child) -> Digest {
    Sha256::digest(child.object.to_string()).into()
}

/// `owner`: the resource's uid.
pub(super) fn step(
    child: &Child,
    digest: &Digest,
    sent: Option<&Sent>,
    observed: Option<&ObservedMeta>,
    owner: &str,
    now: Instant,
) -> ChildStep {
    let ours = observed.is_some_and(|observed| observed.owned_by_uid.as_deref() == Some(owner));
    let Some(sent) = sent else { return ChildStep::Write { look: !ours, drift: false } };
    let Some(observed) = observed else {
        let lag = CACHE_LAG.saturating_sub(now.duration_since(sent.at));
        return match (sent.seen || lag.is_zero(), sent.digest == *digest) {
            (true, same) => ChildStep::Write { look: true, drift: same },
            (false, true) => ChildStep::Await(lag),
            (false, false) => ChildStep::Write { look: true, drift: false },
        };
    };
    if sent.digest != *digest {
        return ChildStep::Write { look: !ours, drift: false };
    }
    if observed.resource_version == sent.resource_version || is_older(observed, sent) {
        return ChildStep::Leave;
    }
    if ours && only_the_status_moved(child, sent, observed) {
        return ChildStep::Leave;
    }
    let pause = pause(sent, observed).saturating_sub(now.duration_since(sent.at));
    if ours && !pause.is_zero() {
        return ChildStep::Await(pause);
    }
    ChildStep::Write { look: !ours, drift: true }
}

/// The first time without a pause, then after 2 s, doubled each time.
fn pause(sent: &Sent, observed: &ObservedMeta) -> Duration {
    if sent.idle == 0 || observed.generation.is_some() {
        return Duration::ZERO;
    }
    Duration::from_secs(1_u64.checked_shl(sent.idle).unwrap_or(u64::MAX)).min(LONGEST_PAUSE)
}

/// Whether the caches are older than our write. Versions of one kind can be compared as numbers.
fn is_older(observed: &ObservedMeta, sent: &Sent) -> bool {
    let number = |version: &str| version.parse::<u64>().ok();
    match (number(&observed.resource_version), number(&sent.resource_version)) {
        (Some(observed), Some(sent)) => observed < sent,
        (None, _) | (_, None) => false,
    }
}

/// Each pod that becomes ready changes a Deployment's status and so its version. Its generation changes only with its
/// spec.
fn only_the_status_moved(child: &Child, sent: &Sent, observed: &ObservedMeta) -> bool {
    let same_spec = sent.generation.is_some() && sent.generation == observed.generation && sent.uid == observed.uid;
    same_spec && carries(observed, child)
}

/// Whether an object has the labels and annotations that we set. Others may have added more.
fn carries(there: &ObservedMeta, child: &Child) -> bool {
    let metadata = &child.object["metadata"];
    let holds = |asked: &Value, there: &Pairs| {
        let mut asked = asked.as_object().into_iter().flatten();
        asked.all(|(key, value)| value.as_str().is_some_and(|value| there.hold(key, value)))
    };
    holds(&metadata["labels"], &there.labels) && holds(&metadata["annotations"], &there.annotations)
}

/// Whether an apply changed something. `before`: the object as the API server or the caches last showed it; `None`:
/// there was none. Its version alone does not tell: a status may have moved it in the meantime.
pub(super) fn changed(child: &Child, before: Option<&ObservedMeta>, sent: Option<&Sent>, after: &ObjectMeta) -> bool {
    let Some(before) = before else { return true };
    let there = ObservedMeta::from(after);
    let version = &there.resource_version;
    if *version == before.resource_version || sent.is_some_and(|sent| sent.resource_version == *version) {
        return false;
    }
    if there.generation.is_some() {
        let same_spec = there.generation == before.generation && there.uid == before.uid;
        return !(same_spec && carries(before, child) && there.owned_by_uid == before.owned_by_uid);
    }
    match (child.kind, sent) {
        // Only this kind has no generation and a status that changes all the time.
        (ChildKind::HorizontalPodAutoscaler, Some(sent)) => sent.applied_at != applied_at(after),
        (_, Some(_) | None) => true,
    }
}

/// When our fields of an object last changed.
pub(super) fn applied_at(meta: &ObjectMeta) -> Option<Time> {
    let mut entries = meta.managed_fields.iter().flatten();
    let ours = |entry: &&ManagedFieldsEntry| {
        entry.manager.as_deref() == Some(FIELD_MANAGER) && entry.operation.as_deref() == Some("Apply")
    };
    entries.find(ours)?.time.clone()
}

#[cfg(test)]
mod tests;
