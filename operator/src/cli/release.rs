//! `hoopoe-operator release`: drops our finalizers from all resources, so that they can be deleted when no operator is
//! there. A chart runs it as a hook before it removes itself.
//!
//! It takes the Lease away from the leader, waits until the leader must have noticed, and drops the finalizers. Nothing
//! else is removed: exchanges, queues, policies, bindings and pods stay as they are. It keeps the Lease to its end, so
//! that an operator that still runs does not put a finalizer on again.

use std::time::Duration;

use clap::Args;
use hoopoe_crds::{NotifConsumer, NotifProducer};
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
    jiff::Timestamp,
};
use kube::{
    Api, Client, ResourceExt,
    api::{DynamicObject, ListParams, ObjectMeta, Patch, PatchParams, PostParams},
    core::ApiResource,
};
use serde_json::json;
use tokio::time::sleep;

use crate::{controller::FINALIZER, resource::Kind};

/// How long no operator can lead after this command's last write. Helm removes the operator right after the command.
const HOLD_SECONDS: i32 = 60;
/// How many times a write is tried if another client writes first.
const TRIES: usize = 10;
/// How many resources one answer holds.
const PAGE: u32 = 500;
/// Our name in the Lease.
const IDENTITY: &str = "hoopoe-operator-release";

/// What `release` is told.
#[derive(Clone, Debug, Args)]
pub struct ReleaseArgs {
    /// Namespaces that the operator watches; repeat the flag, or separate them by commas. Default: all
    #[arg(long = "watch-namespace", env = "HOOPOE_OPERATOR_WATCH_NAMESPACE", value_delimiter = ',')]
    pub watch_namespaces: Vec<String>,
    /// The namespace of the leader's Lease. Default: the operator's own
    #[arg(long, env = "HOOPOE_OPERATOR_LEASE_NAMESPACE")]
    pub lease_namespace: Option<String>,
    /// The name of the leader's Lease
    #[arg(long, env = "HOOPOE_OPERATOR_LEASE_NAME", default_value = "hoopoe-operator")]
    pub lease_name: String,
}

/// Why a finalizer was not dropped.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The Lease cannot be read or written.
    #[error("failed to take the Lease {name}: {source}")]
    Lease {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
    /// A kind cannot be listed.
    #[error("failed to list the resources of kind {kind}: {source}")]
    List {
        /// Which.
        kind: &'static str,
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
    /// A resource keeps its finalizer.
    #[error("failed to drop the finalizer of {kind} {name}: {source}")]
    Finalizer {
        /// Its kind.
        kind: &'static str,
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
    /// Another program keeps writing to the same object.
    #[error("failed to write {0}: another program keeps changing it")]
    Contended(String),
    /// An operator keeps adding the finalizers.
    #[error("failed to drop the finalizers: an operator that still runs adds them again; stop it first")]
    AddedAgain,
}

/// Drops the finalizers of all resources, and returns how many resources there were.
pub async fn release(client: &Client, args: &ReleaseArgs) -> Result<usize, ReleaseError> {
    let namespace = args.lease_namespace.as_deref().unwrap_or(client.default_namespace());
    let leases: Api<Lease> = Api::namespaced(client.clone(), namespace);
    let leader_notices = take(&leases, &args.lease_name).await?;
    if !leader_notices.is_zero() {
        tracing::info!(?leader_notices, "another process leads; waiting until it must know that it lost the lease");
        sleep(leader_notices).await;
    }
    let mut released = 0;
    // A resource that the leader wrote at the last moment shows in the second turn.
    for _ in 0..TRIES {
        take(&leases, &args.lease_name).await?;
        let found = release_once(client, args).await?;
        if found == 0 {
            return Ok(released);
        }
        released += found;
    }
    Err(ReleaseError::AddedAgain)
}

/// Writes our name into the Lease, even if another process holds it. Returns how long it takes until that process must
/// have noticed: it renews well within the duration that it wrote.
async fn take(leases: &Api<Lease>, name: &str) -> Result<Duration, ReleaseError> {
    let failed = |source| ReleaseError::Lease { name: name.to_owned(), source: Box::new(source) };
    for _ in 0..TRIES {
        let there = leases.get_opt(name).await.map_err(failed)?;
        let before = there.as_ref().and_then(|lease| lease.spec.clone()).unwrap_or_default();
        let now = Timestamp::now();
        let transitions = before.lease_transitions.unwrap_or_default() + 1;
        let spec = LeaseSpec {
            holder_identity: Some(IDENTITY.to_owned()),
            lease_duration_seconds: Some(HOLD_SECONDS),
            renew_time: Some(MicroTime(now)),
            acquire_time: Some(MicroTime(now)),
            lease_transitions: Some(transitions),
            ..LeaseSpec::default()
        };
        let written = if let Some(lease) = &there {
            // The version makes the write fail if the Lease was written in the meantime.
            let patch = json!({ "metadata": { "resourceVersion": lease.resource_version() }, "spec": spec });
            leases.patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await
        } else {
            let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
            leases.create(&PostParams::default(), &Lease { metadata, spec: Some(spec) }).await
        };
        match written {
            Ok(_) => return Ok(remaining(&before, now)),
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Err(ReleaseError::Contended(format!("the Lease {name}")))
}

/// How long a holder may still believe that it leads: one whole duration, since it may be about to renew when this is
/// written.
fn remaining(before: &LeaseSpec, now: Timestamp) -> Duration {
    let holder = before.holder_identity.as_deref().filter(|holder| !holder.is_empty() && *holder != IDENTITY);
    let (Some(_), Some(seconds), Some(renewed)) = (holder, before.lease_duration_seconds, &before.renew_time) else {
        return Duration::ZERO;
    };
    let age = now.as_second() - renewed.0.as_second();
    if age > i64::from(seconds) { Duration::ZERO } else { Duration::from_secs(u64::try_from(seconds).unwrap_or(0)) }
}

async fn release_once(client: &Client, args: &ReleaseArgs) -> Result<usize, ReleaseError> {
    let mut released = 0;
    for kind in [Kind::Producer, Kind::Consumer] {
        let resource = match kind {
            Kind::Producer => ApiResource::erase::<NotifProducer>(&()),
            Kind::Consumer => ApiResource::erase::<NotifConsumer>(&()),
        };
        let apis: Vec<Api<DynamicObject>> = if args.watch_namespaces.is_empty() {
            vec![Api::all_with(client.clone(), &resource)]
        } else {
            args.watch_namespaces.iter().map(|namespace| kind.objects(client, namespace)).collect()
        };
        for api in apis {
            released += release_listed(client, &api, kind).await?;
        }
    }
    Ok(released)
}

async fn release_listed(client: &Client, api: &Api<DynamicObject>, kind: Kind) -> Result<usize, ReleaseError> {
    let (mut released, mut params) = (0, ListParams::default().limit(PAGE));
    loop {
        let page = match api.list_metadata(&params).await {
            Ok(page) => page,
            // The definitions are gone, and the resources with them.
            Err(kube::Error::Api(status)) if status.code == 404 => return Ok(released),
            Err(source) => return Err(ReleaseError::List { kind: kind.as_str(), source: Box::new(source) }),
        };
        for object in page.items.iter().filter(|object| stands(object.finalizers())) {
            let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
            drop_finalizer(&kind.objects(client, &namespace), kind, &name).await?;
            tracing::info!("dropped the finalizer of {} {namespace}/{name}", kind.as_str());
            released += 1;
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(released),
        }
    }
}

/// The finalizers of others stay.
async fn drop_finalizer(api: &Api<DynamicObject>, kind: Kind, name: &str) -> Result<(), ReleaseError> {
    let failed =
        |source| ReleaseError::Finalizer { kind: kind.as_str(), name: name.to_owned(), source: Box::new(source) };
    for _ in 0..TRIES {
        let Some(object) = api.get_metadata_opt(name).await.map_err(failed)? else { return Ok(()) };
        if !stands(object.finalizers()) {
            return Ok(());
        }
        let kept: Vec<&String> = object.finalizers().iter().filter(|finalizer| *finalizer != FINALIZER).collect();
        let patch = json!({ "metadata": { "finalizers": kept, "resourceVersion": object.resource_version() } });
        match api.patch_metadata(name, &PatchParams::default(), &Patch::Merge(&patch)).await {
            Ok(_) => return Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 => return Ok(()),
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Err(ReleaseError::Contended(format!("{} {name}", kind.as_str())))
}

fn stands(finalizers: &[String]) -> bool {
    finalizers.iter().any(|finalizer| finalizer == FINALIZER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_leader_that_may_still_lead_is_waited_for() {
        let now = Timestamp::now();
        let lease = |holder: Option<&str>, age: i64| LeaseSpec {
            holder_identity: holder.map(str::to_owned),
            lease_duration_seconds: Some(15),
            renew_time: Some(MicroTime(Timestamp::from_second(now.as_second() - age).unwrap())),
            ..LeaseSpec::default()
        };
        assert_eq!(remaining(&lease(Some("other"), 3), now), Duration::from_secs(15));
        assert_eq!(remaining(&lease(Some("other"), 16), now), Duration::ZERO);
        assert_eq!(remaining(&lease(Some(IDENTITY), 3), now), Duration::ZERO);
        assert_eq!(remaining(&lease(None, 3), now), Duration::ZERO);
        assert_eq!(remaining(&LeaseSpec::default(), now), Duration::ZERO);
    }
}
