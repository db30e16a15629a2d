//! Asks the API server, and makes the plan of each manifest.

use std::collections::BTreeSet;

use hoopoe_crds::{Manifest, producer::Ownership};
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, Client,
    api::{DynamicObject, Patch, PatchParams},
};
use serde_json::{Value, json};

use super::{Plan, PlanArgs, ResourcePlan, SpecVerdict, fields};
use crate::{
    cli::{
        either::EitherSpec,
        manifests::{Document, Given, GivenError},
    },
    desired::Platform,
    resource::Meta,
    served::serves_pod_monitor,
};

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The files could not be read.
    #[error(transparent)]
    Given(#[from] GivenError),
    /// The cluster does not answer.
    #[error("failed to ask the API server: {0}")]
    ApiServer(#[from] Box<kube::Error>),
    /// The Secrets of a resource could not even be assumed.
    #[error(transparent)]
    Secrets(#[from] crate::dereference::DereferenceError),
    /// The API server's answer is not one of our resources: the definitions have another version.
    #[error("failed to read the API server's answer: {0}")]
    Answer(#[from] serde_json::Error),
}

/// Makes a plan. It writes nothing.
pub async fn plan(client: &Client, args: &PlanArgs) -> Result<Plan, PlanError> {
    let given = Given::read(&args.filenames)?;
    let platform = Platform {
        // Both sides use the same platform, because a manifest does not change the operator's flags.
        worker_image: "hoopoe".to_owned(),
        image_pull_secrets: Vec::new(),
        otlp_endpoint: None,
        serves_pod_monitor: serves_pod_monitor(client).await.map_err(Box::new)?,
    };
    let exchanges = given.resources.iter().filter_map(|document| match &document.manifest {
        Manifest::Producer(producer) => match producer.spec.exchange.ownership {
            Ownership::Owned | Ownership::Shared => Some(producer.spec.exchange.name.as_str()),
            Ownership::External => None,
        },
        Manifest::Consumer(_) => None,
    });
    let exchanges = exchanges.collect();
    let planner = Planner { client, args, platform, secrets: &given.secrets, exchanges };
    let mut plan = Plan::default();
    for document in &given.resources {
        plan.resources.push(planner.resource(document).await?);
    }
    Ok(plan)
}

/// What the plans of all manifests share.
pub(super) struct Planner<'a> {
    pub(super) client: &'a Client,
    pub(super) args: &'a PlanArgs,
    pub(super) platform: Platform,
    /// The Secrets that stand beside the manifests.
    pub(super) secrets: &'a [Secret],
    /// The exchanges that producers among the manifests declare.
    pub(super) exchanges: BTreeSet<&'a str>,
}

/// One side of the comparison: the present resource, or the future one.
pub(super) struct Side {
    pub(super) meta: Meta,
    pub(super) spec: EitherSpec,
}

impl Planner<'_> {
    async fn resource(&self, document: &Document) -> Result<ResourcePlan, PlanError> {
        let (meta, _) = EitherSpec::of_manifest(&document.manifest);
        let api = meta.id.kind.objects(self.client, &meta.id.namespace);
        let there = api.get_opt(&meta.id.name).await.map_err(Box::new)?;
        let tried = match self.try_resource(&api, document, &meta).await {
            Ok(tried) => serde_json::to_value(tried)?,
            Err(kube::Error::Api(status)) => {
                return Ok(ResourcePlan::new(meta.id, SpecVerdict::Refused(status.message)));
            }
            Err(error) => return Err(Box::new(error).into()),
        };
        let there = there.map(serde_json::to_value).transpose()?;
        let verdict = match &there {
            None => SpecVerdict::Created,
            Some(there) => match fields::changes("spec", there.get("spec"), tried.get("spec")) {
                changes if changes.is_empty() => SpecVerdict::Unchanged,
                changes => SpecVerdict::Changed(changes),
            },
        };
        let side = |object: &Value| -> Result<Side, serde_json::Error> {
            let (meta, spec) = EitherSpec::of_object(meta.id.kind, object)?;
            Ok(Side { meta, spec })
        };
        let (before, after) = (there.as_ref().map(side).transpose()?, side(&tried)?);
        let mut plan = ResourcePlan::new(meta.id.clone(), verdict);
        if after.meta.paused() {
            plan.notes.push("the resource is paused: the operator does this once it is no longer paused".to_owned());
        }
        let decided = there.as_ref().and_then(|there| there["status"]["desiredReplicas"].as_i64());
        let decided = decided.and_then(|decided| i32::try_from(decided).ok());
        self.compare(&mut plan, before.as_ref(), &after, decided).await?;
        Ok(plan)
    }

    /// The resource as the API server would store it: with its rules, defaults and admission, and the fields of other
    /// managers.
    async fn try_resource(
        &self,
        api: &Api<DynamicObject>,
        document: &Document,
        meta: &Meta,
    ) -> Result<DynamicObject, kube::Error> {
        let mut written = document.written.clone();
        written["metadata"]["namespace"] = json!(meta.id.namespace);
        if let Some(metadata) = written["metadata"].as_object_mut() {
            for theirs in ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation"] {
                metadata.remove(theirs);
            }
        }
        if let Some(written) = written.as_object_mut() {
            written.remove("status");
        }
        let params = PatchParams::apply(&self.args.field_manager).force().dry_run().validation_strict();
        api.patch(&meta.id.name, &params, &Patch::Apply(&written)).await
    }
}
