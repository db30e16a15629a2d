//! What we keep of a Deployment: the counts, the image, and why it makes no progress. The whole Deployments of five
//! thousand resources would take 20 MB.

use std::borrow::Cow;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentCondition, DeploymentStatus};
use kube::{
    Resource,
    runtime::{reflector::Lookup, watcher::Event},
};

use crate::names::CONTAINER;

/// What we keep of a Deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenDeployment {
    namespace: String,
    name: String,
    /// The wanted number of pods; `None`: the API server's default.
    pub replicas: Option<i32>,
    /// The worker's image.
    pub image: Option<String>,
    /// Pods that exist.
    pub existing: i32,
    /// Pods that are ready.
    pub ready: i32,
    /// Pods that have been ready for the minimum time.
    pub available: i32,
    /// Pods of the newest template.
    pub updated: i32,
    /// Whether the counts belong to the newest spec.
    pub is_observed: bool,
    /// Why it makes no progress.
    pub stuck: Option<String>,
}

impl From<&Deployment> for SeenDeployment {
    fn from(deployment: &Deployment) -> Self {
        let Deployment { metadata, spec, status } = deployment;
        let none = DeploymentStatus::default();
        let status = status.as_ref().unwrap_or(&none);
        let pod = spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
        let container = pod.and_then(|pod| pod.containers.iter().find(|container| container.name == CONTAINER));
        let failing = status.conditions.iter().flatten().find(|condition| is_failing(condition));
        Self {
            namespace: metadata.namespace.clone().unwrap_or_default(),
            name: metadata.name.clone().unwrap_or_default(),
            replicas: spec.as_ref().and_then(|spec| spec.replicas),
            image: container.and_then(|container| container.image.clone()),
            existing: status.replicas.unwrap_or_default(),
            ready: status.ready_replicas.unwrap_or_default(),
            available: status.available_replicas.unwrap_or_default(),
            updated: status.updated_replicas.unwrap_or_default(),
            is_observed: status.observed_generation >= metadata.generation,
            stuck: failing.map(|condition| condition.message.clone().or(condition.reason.clone()).unwrap_or_default()),
        }
    }
}

fn is_failing(condition: &DeploymentCondition) -> bool {
    let DeploymentCondition { type_, status, .. } = condition;
    (type_ == "Progressing" && status == "False") || (type_ == "ReplicaFailure" && status == "True")
}

/// The event of the Deployment as one of what is kept of it.
pub fn seen(event: &Event<Deployment>) -> Event<SeenDeployment> {
    match event {
        Event::Apply(deployment) => Event::Apply(deployment.into()),
        Event::Delete(deployment) => Event::Delete(deployment.into()),
        Event::Init => Event::Init,
        Event::InitApply(deployment) => Event::InitApply(deployment.into()),
        Event::InitDone => Event::InitDone,
    }
}

impl Lookup for SeenDeployment {
    type DynamicType = ();

    fn kind((): &()) -> Cow<'_, str> {
        <Deployment as Resource>::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        <Deployment as Resource>::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        <Deployment as Resource>::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        <Deployment as Resource>::plural(&())
    }

    fn name(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(&self.name))
    }

    fn namespace(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(&self.namespace))
    }

    fn resource_version(&self) -> Option<Cow<'_, str>> {
        None
    }

    fn uid(&self) -> Option<Cow<'_, str>> {
        None
    }
}
