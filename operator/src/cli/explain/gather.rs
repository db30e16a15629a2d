//! Asks the API server, the broker and the pods.

use std::time::Duration;

use axum::{body, http::Request};
use hoopoe_crds::ports;
use k8s_openapi::{
    api::{
        apps::v1::Deployment,
        core::v1::{Pod, Secret},
    },
    apimachinery::pkg::apis::meta::v1::Condition,
};
use kube::{
    Api, Client, ResourceExt,
    api::{DynamicObject, ListParams},
    client::Body,
};
use serde_json::Value;

use super::{ChainLink, ExplainArgs, pods};
use crate::{
    brokers,
    cli::{either::EitherSpec, plan::LayeredSecrets},
    names::Component,
    pipeline::PrepareError,
    resource::{Meta, ResourceId},
    topology::Sight,
};

/// How many pods of a Deployment are asked: in most cases this shows a pod that differs from the others.
const PODS: u32 = 3;
/// How long a pod may take to answer through the API server.
const POD_LIMIT: Duration = Duration::from_secs(5);

/// Why there is no chain at all.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// There is no such resource.
    #[error("failed to find {0}")]
    Missing(ResourceId),
    /// The API server did not answer.
    #[error("failed to ask the API server: {0}")]
    ApiServer(#[from] Box<kube::Error>),
    /// The answer is not one of our resources.
    #[error("failed to read the API server's answer: {0}")]
    Answer(#[from] serde_json::Error),
}

/// The chain of one resource.
pub async fn explain(client: &Client, args: &ExplainArgs) -> Result<Vec<ChainLink>, ExplainError> {
    let namespace = args.namespace.as_deref().unwrap_or(client.default_namespace());
    let target = &args.resource;
    let object = target.kind.objects(client, namespace).get_opt(&target.name).await.map_err(Box::new)?;
    let id = ResourceId { kind: target.kind, namespace: namespace.to_owned(), name: target.name.clone() };
    let Some(object) = object else { return Err(ExplainError::Missing(id)) };
    let (meta, spec) = EitherSpec::of_object(target.kind, &serde_json::to_value(&object)?)?;
    let mut chain = vec![resource(&object, &meta)];
    chain.extend(secrets(client, &id, &spec).await);
    chain.extend(on_the_broker(client, &meta, &spec).await);
    chain.extend(deployed(client, &id, Component::worker_of(id.kind), "workers").await);
    if let EitherSpec::Consumer(consumer) = &spec
        && consumer.api.enabled
    {
        chain.extend(deployed(client, &id, Component::Api, "inbox API").await);
    }
    Ok(chain)
}

/// The status of the resource itself.
fn resource(object: &DynamicObject, meta: &Meta) -> ChainLink {
    let what = meta.id.to_string();
    let status = &object.data["status"];
    let conditions: Vec<Condition> = serde_json::from_value(status["conditions"].clone()).unwrap_or_default();
    let Some(ready) = conditions.iter().find(|condition| condition.type_ == "Ready") else {
        return ChainLink::unknown(what, "it has no status: does an operator watch this namespace?");
    };
    let mut detail = format!("Ready={}, {}: {}", ready.status, ready.reason, ready.message);
    if status["observedGeneration"].as_i64() < Some(meta.generation) {
        detail.push_str("; no operator has seen the newest spec yet: does one run?");
        return ChainLink::fails(what, detail);
    }
    if meta.paused() {
        detail.push_str("; paused");
    }
    ChainLink::of(ready.status == "True", what, detail)
}

/// Each Secret that the resource names: which keys it has, never their values.
async fn secrets(client: &Client, id: &ResourceId, spec: &EitherSpec) -> Vec<ChainLink> {
    let api: Api<Secret> = Api::namespaced(client.clone(), &id.namespace);
    let mut links = Vec::new();
    for name in spec.secret_names() {
        let what = format!("Secret {name}");
        links.push(match api.get_opt(&name).await {
            Ok(Some(secret)) => {
                let keys: Vec<String> = secret.data.unwrap_or_default().into_keys().collect();
                ChainLink::holds(what, format!("keys {}", keys.join(", ")))
            }
            Ok(None) => ChainLink::fails(what, "it does not exist"),
            Err(error) => ChainLink::unknown(what, said(&error)),
        });
    }
    links
}

async fn on_the_broker(client: &Client, meta: &Meta, spec: &EitherSpec) -> Vec<ChainLink> {
    let reader = LayeredSecrets { client: client.clone(), given: &[] };
    let prepared = match spec.prepare(meta, &reader).await {
        Ok(prepared) => prepared,
        Err(PrepareError::Invalid(error)) => return vec![ChainLink::fails("the spec", error.to_string())],
        Err(PrepareError::Secrets(error)) => {
            return vec![ChainLink::fails("what the Secrets say", error.to_string())];
        }
    };
    let access = prepared.broker();
    let what = format!("broker {}:{}", access.amqp_host, access.amqp_port);
    let asked = async { brokers::open(access)?.chain(&prepared.topology()).await };
    match asked.await {
        Ok(sights) => {
            let detail = format!("{} answers, virtual host {}", access.management.url, access.vhost);
            let links = sights.into_iter().map(|Sight { what, holds, detail }| ChainLink::of(holds, what, detail));
            std::iter::once(ChainLink::holds(what, detail)).chain(links).collect()
        }
        // This command may run in another network than the operator.
        Err(error) => vec![ChainLink::unknown(what, error.to_string())],
    }
}

/// A Deployment, and what its pods say of the servers that they use.
async fn deployed(client: &Client, id: &ResourceId, component: Component, role: &str) -> Vec<ChainLink> {
    let name = component.child_name(id);
    let api: Api<Deployment> = Api::namespaced(client.clone(), &id.namespace);
    let mut links = vec![match api.get_opt(&name).await {
        Ok(there) => pods::deployment(&name, there.as_ref()),
        Err(error) => ChainLink::unknown(format!("Deployment {name}"), said(&error)),
    }];
    let api: Api<Pod> = Api::namespaced(client.clone(), &id.namespace);
    let params = ListParams::default().labels(&component.selector_text(id)).limit(PODS);
    match api.list(&params).await {
        Ok(found) => {
            let mut answers = Vec::new();
            for pod in found.items {
                let name = pod.name_any();
                let answer = readyz(client, &id.namespace, &name).await;
                answers.push((name, answer));
            }
            links.extend(pods::servers(role, &answers));
        }
        Err(error) => links.push(ChainLink::unknown(format!("pods of {name}"), said(&error))),
    }
    links
}

/// What a pod says at `/readyz`, through the API server. A 503 has a report too.
async fn readyz(client: &Client, namespace: &str, pod: &str) -> Result<Value, String> {
    let uri = format!("/api/v1/namespaces/{namespace}/pods/{pod}:{}/proxy/readyz", ports::ADMIN);
    let request = Request::get(uri).body(Body::empty()).map_err(|error| error.to_string())?;
    let asked = async {
        let answer = client.send(request).await.map_err(|error| said(&error))?;
        let bytes =
            body::to_bytes(body::Body::new(answer.into_body()), 64 * 1024).await.map_err(|error| error.to_string())?;
        let report: Value = serde_json::from_slice(&bytes).map_err(|_| "its answer holds no report".to_owned())?;
        if report["parts"].is_array() {
            Ok(report)
        } else {
            Err(report["message"].as_str().unwrap_or("its answer holds no report").to_owned())
        }
    };
    tokio::time::timeout(POD_LIMIT, asked).await.map_err(|_| format!("it did not answer within {POD_LIMIT:?}"))?
}

/// The message of the API server, without the rest of its answer.
fn said(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => status.message.clone(),
        error => error.to_string(),
    }
}
