//! Builds and compares the two sides of a plan, and reads the broker.

use k8s_openapi::api::apps::v1::Deployment;
use kube::{
    Api,
    api::{ListParams, Patch, PatchParams},
};

use super::{
    Becomes, PlanError, ResourcePlan, SpecVerdict, TopologyPlan, children,
    gather::{Planner, Side},
    secrets::LayeredSecrets,
};
use crate::{
    apply::FIELD_MANAGER,
    brokers,
    cli::{
        assumed_secrets::AssumedSecrets,
        either::{EitherPrepared, EitherSpec},
    },
    dereference::BrokerAccess,
    desired::Child,
    names::Component,
    pipeline::{Live, PrepareError},
    resource::{Kind, ResourceId},
    topology::{BrokerError, Claimant, Finding, Meaning},
};

impl Planner<'_> {
    /// Adds to the plan how the children, the pods and the broker's objects change. `decided`:
    /// `status.desiredReplicas`.
    pub(super) async fn compare(
        &self,
        plan: &mut ResourcePlan,
        before: Option<&Side>,
        after: &Side,
        decided: Option<i32>,
    ) -> Result<(), PlanError> {
        let id = &after.meta.id;
        let api_name = Component::Api.child_name(id);
        let live = Live {
            workers: self.count(id, &Component::worker_of(id.kind).child_name(id)).await?,
            api: self.count(id, &api_name).await?,
            decided,
            queue_taken: false,
        };
        let (prepared, unreadable) = match self.prepared(after, true).await {
            Err(PrepareError::Secrets(error)) => (self.assumed(after).await, Some(error)),
            prepared => (prepared, None),
        };
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(PrepareError::Invalid(error)) => {
                plan.verdict = SpecVerdict::Refused(error.to_string());
                return Ok(());
            }
            Err(PrepareError::Secrets(error)) => return Err(error.into()),
        };
        let children = match prepared.children(&self.platform, live) {
            Ok(children) => children,
            Err(error) => {
                plan.verdict = SpecVerdict::Refused(error.to_string());
                return Ok(());
            }
        };
        let earlier = match before {
            None => None,
            Some(before) => self.earlier(before, unreadable.is_some(), live).await,
        };
        let built = earlier.as_ref().map_or(&[][..], |(_, children)| children);
        plan.children = children::changes(built, &children);
        plan.pods = children::pods(built, &children, |name| if name == api_name { live.api } else { live.workers });
        self.try_children(plan, &children).await?;
        if let Some(error) = unreadable {
            plan.notes.push("the plan of the objects assumes that all Secrets exist and hold URIs".to_owned());
            plan.topology = TopologyPlan::Unknown(error.to_string());
            return Ok(());
        }
        if let Some((earlier, _)) = &earlier
            && place(earlier.broker()) != place(prepared.broker())
        {
            let (from, to) = (place(earlier.broker()), place(prepared.broker()));
            plan.losses.push(format!("the messages on {from} stay there; on {to} everything is declared again"));
        }
        match self.topology(plan, &prepared, after).await {
            Ok(()) => {}
            Err(error) => plan.topology = TopologyPlan::Unknown(error.to_string()),
        }
        Ok(())
    }

    /// The stored spec, prepared, and its children. `None`: the spec cannot be prepared, so there is nothing to compare
    /// with.
    async fn earlier<'a>(
        &self,
        before: &'a Side,
        assumed: bool,
        live: Live,
    ) -> Option<(EitherPrepared<'a>, Vec<Child>)> {
        let prepared = if assumed { self.assumed(before).await } else { self.prepared(before, false).await };
        let prepared = prepared.ok()?;
        let children = prepared.children(&self.platform, live).ok()?;
        Some((prepared, children))
    }

    async fn prepared<'a>(&self, side: &'a Side, with_given: bool) -> Result<EitherPrepared<'a>, PrepareError> {
        let given = if with_given { self.secrets } else { &[] };
        let reader = LayeredSecrets { client: self.client.clone(), given };
        side.spec.prepare(&side.meta, &reader).await
    }

    async fn assumed<'a>(&self, side: &'a Side) -> Result<EitherPrepared<'a>, PrepareError> {
        side.spec.prepare(&side.meta, &AssumedSecrets::new(&[], &side.spec)).await
    }

    /// The count of a Deployment; `None`: it does not exist.
    async fn count(&self, id: &ResourceId, name: &str) -> Result<Option<i32>, PlanError> {
        let api: Api<Deployment> = Api::namespaced(self.client.clone(), &id.namespace);
        match api.get_opt(name).await {
            Ok(deployment) => Ok(deployment.and_then(|deployment| deployment.spec?.replicas)),
            // Without the right to read it, use the counts of the specs.
            Err(kube::Error::Api(status)) if status.code == 403 => Ok(None),
            Err(error) => Err(Box::new(error).into()),
        }
    }

    /// Sends each changed child to the API server as a dry run of the operator's apply.
    async fn try_children(&self, plan: &mut ResourcePlan, built: &[Child]) -> Result<(), PlanError> {
        let params = PatchParams::apply(FIELD_MANAGER).force().dry_run();
        let namespace = &plan.id.namespace;
        let mut notes = Vec::new();
        for child in built {
            let changes =
                plan.children.iter().find(|change| change.kind == child.kind.as_str() && change.name == child.name);
            let Some(change) = changes else { continue };
            let api: Api<kube::api::DynamicObject> =
                Api::namespaced_with(self.client.clone(), namespace, &child.kind.resource());
            let what = format!("the {} {}", change.kind, change.name);
            if change.becomes == Becomes::Created
                && api.get_opt(&child.name).await.is_ok_and(|there| there.is_some_and(|there| !is_ours(&there, plan)))
            {
                notes.push(format!(
                    "{what} exists and does not belong to this resource: the operator leaves it alone, and this \
                     resource becomes Stalled"
                ));
                continue;
            }
            match api.patch(&child.name, &params, &Patch::Apply(&child.object)).await {
                Ok(_) => {}
                Err(kube::Error::Api(status)) if status.code == 403 => {
                    notes.push(format!("the dry run of {what} was not allowed: {}", status.message));
                }
                Err(kube::Error::Api(status)) => notes.push(format!("{what} would be refused: {}", status.message)),
                Err(error) => return Err(Box::new(error).into()),
            }
        }
        plan.notes.extend(notes);
        Ok(())
    }

    async fn topology(
        &self,
        plan: &mut ResourcePlan,
        prepared: &EitherPrepared<'_>,
        after: &Side,
    ) -> Result<(), BrokerError> {
        let broker = brokers::open(prepared.broker())?;
        let preview = broker.preview(&prepared.topology(), &self.rivals(after).await).await?;
        plan.losses.extend(preview.losses);
        let mut changes: Vec<String> = preview.writes.into_iter().map(|write| write.what).collect();
        let mut findings = Vec::new();
        for Finding { reason: _, message, meaning } in preview.findings {
            match meaning {
                Meaning::ExchangeMissing(name) if self.exchanges.contains(name.as_str()) => {
                    changes.push(format!("bind the queue to {name}, once its producer has declared it"));
                }
                Meaning::ExchangeMissing(_) | Meaning::Note | Meaning::Passing | Meaning::Taken | Meaning::Lasting => {
                    findings.push(message);
                }
            }
        }
        plan.topology = TopologyPlan::Known { changes, findings };
        Ok(())
    }

    /// Other consumers of the namespace that want the same queue through the same Secret. The claims of all others show
    /// on the broker.
    async fn rivals(&self, after: &Side) -> Vec<Claimant> {
        let EitherSpec::Consumer(mine) = &after.spec else { return Vec::new() };
        let api = Kind::Consumer.objects(self.client, &after.meta.id.namespace);
        let Ok(all) = api.list(&ListParams::default()).await else { return Vec::new() };
        let others = all.items.iter().filter_map(|object| {
            let (meta, spec) = EitherSpec::of_object(Kind::Consumer, &serde_json::to_value(object).ok()?).ok()?;
            let EitherSpec::Consumer(theirs) = spec else { return None };
            let same = theirs.queue.name == mine.queue.name && theirs.broker.secret_ref == mine.broker.secret_ref;
            (same && meta.id != after.meta.id && meta.deleted_at.is_none()).then(|| Claimant::of(&meta))
        });
        others.collect()
    }
}

/// Whether a resource of this kind and name controls it.
fn is_ours(there: &kube::api::DynamicObject, plan: &ResourcePlan) -> bool {
    there.metadata.owner_references.iter().flatten().any(|owner| {
        owner.controller == Some(true) && owner.kind == plan.id.kind.as_str() && owner.name == plan.id.name
    })
}

/// The host and virtual host of a broker; never credentials.
fn place(access: &BrokerAccess) -> String {
    format!("{}:{}, virtual host {}", access.amqp_host, access.amqp_port, access.vhost)
}
