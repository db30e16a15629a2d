//! Statuses that we wrote and no watch has shown yet.
//!
//! A watch lags, and a broken watch shows nothing new. A reconcile that took the status from the watch alone could
//! mistake an old status for the present one. This happened after a restart of the API server: "not ready" was written;
//! a second later all was ready again, as the watch's old status said; so nothing was written, and the wrong status
//! stood until the next look, a minute later.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{Resource, core::object::HasStatus};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

/// The last write of each status, by the resource's uid, from its answer until the watch shows it.
#[derive(Clone, Default)]
pub struct StatusWrites(Arc<Mutex<HashMap<String, Write>>>);

enum Write {
    /// The API server has it since this version of the resource.
    Taken { version: u64, status: Value },
    /// There was no answer that says whether the API server has it.
    Unanswered,
}

impl StatusWrites {
    /// The newest status that we know. `resource`: as the watch showed it last.
    pub fn newest<K>(&self, resource: &K) -> K::Status
    where
        K: Resource + HasStatus,
        K::Status: Clone + Default + DeserializeOwned,
    {
        let shown = version(resource.meta());
        let own = match self.table().get(uid(resource.meta())) {
            Some(Write::Taken { version, status }) if Some(*version) > shown => K::Status::deserialize(status).ok(),
            Some(Write::Taken { .. } | Write::Unanswered) | None => None,
        };
        own.or_else(|| resource.status().cloned()).unwrap_or_default()
    }

    /// Whether we do not know which status the API server has, so that it must be written again.
    pub fn is_unanswered(&self, meta: &ObjectMeta) -> bool {
        matches!(self.table().get(uid(meta)), Some(Write::Unanswered))
    }

    /// The API server took it. `answer`: the resource as it is now. `shown`: the version that the watch shows, which
    /// may be newer than the answer.
    pub fn taken(&self, answer: &ObjectMeta, shown: impl FnOnce() -> Option<String>, status: &impl Serialize) {
        let status = serde_json::to_value(status);
        // Locked from before `shown` until the write is kept: what the watch shows in between waits in `Self::shown`.
        let mut table = self.table();
        match (version(answer), status) {
            (Some(version), Ok(status)) if number(shown()) < Some(version) => {
                table.insert(uid(answer).to_owned(), Write::Taken { version, status });
            }
            _ => {
                table.remove(uid(answer));
            }
        }
    }

    /// The write failed, but it may have been carried out.
    pub fn unanswered(&self, meta: &ObjectMeta) {
        self.table().insert(uid(meta).to_owned(), Write::Unanswered);
    }

    /// The watch shows the resource in this version.
    pub fn shown(&self, meta: &ObjectMeta) {
        let mut table = self.table();
        if let Some(Write::Taken { version, .. }) = table.get(uid(meta))
            && Some(*version) <= self::version(meta)
        {
            table.remove(uid(meta));
        }
    }

    /// The resource is gone.
    pub fn forget(&self, uid: &str) {
        self.table().remove(uid);
    }

    fn table(&self) -> MutexGuard<'_, HashMap<String, Write>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn uid(meta: &ObjectMeta) -> &str {
    meta.uid.as_deref().unwrap_or_default()
}

fn version(meta: &ObjectMeta) -> Option<u64> {
    number(meta.resource_version.as_deref())
}

/// The versions of one resource rise. A version that is not a number counts as older than all.
fn number(version: Option<impl AsRef<str>>) -> Option<u64> {
    version?.as_ref().parse().ok()
}

#[cfg(test)]
mod tests {
    use hoopoe_crds::{NotifProducer, status::NotifProducerStatus};

    use super::*;

    fn resource(version: &str, replicas: i32) -> NotifProducer {
        let spec = serde_json::from_value(serde_json::json!({
            "broker": {"secretRef": {"name": "rabbit"}}, "exchange": {"name": "events"}
        }));
        let mut resource = NotifProducer::new("events", spec.unwrap());
        resource.metadata.uid = Some("one".to_owned());
        resource.metadata.resource_version = Some(version.to_owned());
        resource.status = Some(status(replicas));
        resource
    }

    fn status(replicas: i32) -> NotifProducerStatus {
        NotifProducerStatus { replicas, ..NotifProducerStatus::default() }
    }

    #[test]
    fn what_was_written_stands_until_the_watch_has_come_so_far() {
        let (writes, stale) = (StatusWrites::default(), resource("9", 1));
        assert_eq!(writes.newest(&stale), status(1));
        writes.taken(&resource("12", 0).metadata, || Some("9".to_owned()), &status(2));
        assert_eq!(writes.newest(&stale), status(2), "older by its number, not by its text");
        writes.shown(&resource("11", 0).metadata);
        assert_eq!(writes.newest(&resource("11", 1)), status(2));
        assert_eq!(writes.newest(&resource("13", 3)), status(3), "another client wrote later");
        writes.shown(&resource("12", 0).metadata);
        assert!(writes.table().is_empty());
    }

    #[test]
    fn a_watch_that_was_quicker_than_the_answer_leaves_nothing_behind() {
        let writes = StatusWrites::default();
        writes.unanswered(&resource("9", 1).metadata);
        writes.taken(&resource("12", 0).metadata, || Some("12".to_owned()), &status(2));
        assert!(writes.table().is_empty());
    }

    #[test]
    fn a_write_without_an_answer_is_known_as_one_until_the_next() {
        let (writes, shown) = (StatusWrites::default(), resource("9", 1));
        writes.unanswered(&shown.metadata);
        writes.shown(&resource("10", 1).metadata);
        assert!(writes.is_unanswered(&shown.metadata), "the watch may show what came before it");
        assert_eq!(writes.newest(&shown), status(1));
        writes.taken(&resource("12", 0).metadata, || None, &status(1));
        assert!(!writes.is_unanswered(&shown.metadata));
    }
}
