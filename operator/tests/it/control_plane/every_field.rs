//! Every field of both resources is edited on a running resource: what the edit changes, and which workers it rolls.
mod both;
mod consumer;
mod producer;
mod schema;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::control_plane::kit::{Kit, Namespace};
use crate::testkit::wait::eventually;

/// An edit of one field.
struct Edit {
    /// The field's path in the schema of the spec; `[]` stands for the items of a list.
    field: &'static str,
    /// The new value. For a field of list items, the new list.
    value: Value,
    /// Other values that the patch must contain.
    beside: Value,
    /// Where the edit must appear.
    seen: Vec<Seen>,
    /// The Deployments whose pods must be replaced; no other Deployment's may be.
    rolls: &'static [&'static str],
}

/// Where an edit appears.
enum Seen {
    /// In an object, `kind/name`, at a JSON pointer. `Null`: the object does not exist.
    Object(&'static str, &'static str, Value),
    /// In an item of a list in an object, at a JSON pointer; any item will do.
    Item(&'static str, &'static str, Value),
    /// In a condition of the resource and its status.
    Condition(&'static str, &'static str, Value),
    /// In the `worker.yaml` that the pods of a Deployment mount.
    Config(&'static str, &'static str, Value),
    /// In the answer of the management API for this path below `/api`.
    Broker(&'static str, &'static str, Value),
    /// Only in a decision of the operator, which the named test covers.
    Decision(&'static str),
}

/// A field that cannot change: another value, and the answer of the API server.
struct Immutable {
    field: &'static str,
    value: Value,
    says: &'static str,
}

impl Edit {
    fn of(field: &'static str, value: impl Into<Value>) -> Self {
        Self { field, value: value.into(), beside: json!({}), seen: Vec::new(), rolls: &[] }
    }

    fn beside(mut self, beside: Value) -> Self {
        self.beside = beside;
        self
    }

    fn object(mut self, what: &'static str, pointer: &'static str, value: impl Into<Value>) -> Self {
        self.seen.push(Seen::Object(what, pointer, value.into()));
        self
    }

    fn item(mut self, what: &'static str, pointer: &'static str, value: impl Into<Value>) -> Self {
        self.seen.push(Seen::Item(what, pointer, value.into()));
        self
    }

    fn condition(mut self, what: &'static str, kind: &'static str, status: &'static str) -> Self {
        self.seen.push(Seen::Condition(what, kind, status.into()));
        self
    }

    fn config(mut self, deployment: &'static str, pointer: &'static str, value: impl Into<Value>) -> Self {
        self.seen.push(Seen::Config(deployment, pointer, value.into()));
        self
    }

    fn broker(mut self, path: &'static str, pointer: &'static str, value: impl Into<Value>) -> Self {
        self.seen.push(Seen::Broker(path, pointer, value.into()));
        self
    }

    fn decides(mut self, test: &'static str) -> Self {
        self.seen.push(Seen::Decision(test));
        self
    }

    fn rolls(mut self, deployments: &'static [&'static str]) -> Self {
        self.rolls = deployments;
        self
    }

    /// The edit as a merge patch of the spec.
    fn patch(&self) -> Value {
        let mut spec = self.beside.clone();
        let path = self.field.split_once("[]").map_or(self.field, |(list, _)| list);
        let mut at = &mut spec;
        for part in path.split('.') {
            at = at.as_object_mut().unwrap().entry(part).or_insert_with(|| json!({}));
        }
        *at = self.value.clone();
        json!({ "spec": spec })
    }
}

impl Seen {
    /// The present value at that place.
    async fn now(&self, shop: &Namespace<'_>) -> Value {
        match self {
            Self::Object(what, pointer, _) => {
                shop.find(what).await.and_then(|object| object.pointer(pointer).cloned()).unwrap_or_default()
            }
            Self::Item(what, pointer, value) => {
                let items = shop.get(what).await.pointer(pointer).cloned().unwrap_or_default();
                items.as_array().and_then(|items| items.iter().find(|item| *item == value)).cloned().unwrap_or_default()
            }
            Self::Condition(what, kind, _) => {
                let conditions = shop.get(what).await["status"]["conditions"].as_array().cloned().unwrap_or_default();
                conditions
                    .iter()
                    .find(|found| found["type"] == *kind)
                    .map(|found| found["status"].clone())
                    .unwrap_or_default()
            }
            Self::Config(deployment, pointer, _) => {
                worker_config(shop, deployment).await.pointer(pointer).cloned().unwrap_or_default()
            }
            Self::Broker(path, pointer, _) => {
                shop.kit.broker(&format!("/api/{path}")).await.pointer(pointer).cloned().unwrap_or_default()
            }
            Self::Decision(_) => Value::Null,
        }
    }

    fn wanted(&self) -> &Value {
        match self {
            Self::Object(_, _, value)
            | Self::Item(_, _, value)
            | Self::Condition(_, _, value)
            | Self::Config(_, _, value)
            | Self::Broker(_, _, value) => value,
            Self::Decision(_) => &Value::Null,
        }
    }

    fn place(&self) -> String {
        match self {
            Self::Object(place, pointer, _)
            | Self::Item(place, pointer, _)
            | Self::Condition(place, pointer, _)
            | Self::Broker(place, pointer, _) => format!("{place} {pointer}"),
            Self::Config(deployment, pointer, _) => format!("the config of {deployment} {pointer}"),
            Self::Decision(test) => (*test).to_owned(),
        }
    }
}

async fn worker_config(shop: &Namespace<'_>, deployment: &str) -> Value {
    let deployment = shop.get(&format!("deploy/{deployment}")).await;
    let volumes = deployment["spec"]["template"]["spec"]["volumes"].as_array().unwrap().clone();
    let mut sources = volumes.iter().flat_map(|volume| volume["projected"]["sources"].as_array().unwrap());
    let name = sources.find_map(|source| source["configMap"]["name"].as_str()).unwrap();
    let config = shop.get(&format!("cm/{name}")).await;
    serde_yaml::from_str(config["data"]["worker.yaml"].as_str().unwrap()).unwrap()
}

/// The pod template of each Deployment.
async fn templates(shop: &Namespace<'_>, deployments: &[&'static str]) -> Vec<(&'static str, Value)> {
    let listed = shop.list("deploy").await;
    let template = |name: &str| {
        let found = listed.iter().find(|deployment| deployment["metadata"]["name"] == name);
        found.map(|deployment| deployment["spec"]["template"].clone()).unwrap_or_default()
    };
    deployments.iter().map(|name| (*name, template(name))).collect()
}

/// Makes all edits, one after the other.
async fn make(shop: &Namespace<'_>, resource: &str, deployments: &[&'static str], edits: &[Edit]) -> Vec<String> {
    let mut wrong = Vec::new();
    for edit in edits {
        let before = templates(shop, deployments).await;
        let mut already = Vec::new();
        for seen in &edit.seen {
            if !matches!(seen, Seen::Decision(_)) && seen.now(shop).await == *seen.wanted() {
                already.push(seen.place());
            }
        }
        if !already.is_empty() {
            wrong.push(format!("{}: {already:?} had the value before the edit, which proves nothing", edit.field));
        }
        shop.patch(resource, &edit.patch()).await;
        // The operator writes the status after the children, so a Deployment that has not rolled by now does not roll.
        eventually(&format!("the edit of {} is observed", edit.field), async || {
            let resource = shop.get(resource).await;
            resource["metadata"]["generation"] == resource["status"]["observedGeneration"]
        })
        .await;
        for seen in &edit.seen {
            let mut last = Value::Null;
            let mut came = false;
            for _ in 0..60 {
                last = seen.now(shop).await;
                if matches!(seen, Seen::Decision(_)) || last == *seen.wanted() {
                    came = true;
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(250)).await;
            }
            if !came {
                wrong.push(format!("{}: {} is {last}, not {}", edit.field, seen.place(), seen.wanted()));
            }
        }
        let after = templates(shop, deployments).await;
        let rolled: BTreeSet<&str> =
            before.iter().zip(&after).filter(|(before, after)| before != after).map(|(before, _)| before.0).collect();
        let expected: BTreeSet<&str> = edit.rolls.iter().copied().collect();
        if rolled != expected {
            wrong.push(format!("{}: rolled {rolled:?}, not {expected:?}", edit.field));
        }
    }
    wrong
}

async fn refuse(shop: &Namespace<'_>, resource: &str, fields: &[Immutable]) {
    for Immutable { field, value, says } in fields {
        let (kind, name) = resource.split_once('/').unwrap();
        let patch = Edit::of(field, value.clone()).patch().to_string();
        let args = ["-n", &shop.name, "patch", kind, name, "--type=merge", "-p", &patch];
        let refused = shop.kit.plane.kubectl(&args).await.expect_err(field).to_string();
        assert!(refused.contains(says), "{field}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mutable_field_reaches_its_child_and_rolls_exactly_the_workers_that_read_it() {
    let kit = Kit::with_pod_monitors().await;
    let (made, drained) = (kit.namespace("made").await, kit.namespace("drained").await);
    for shop in [&made, &drained] {
        shop.secret("rabbit-2", &kit.rabbit.url(), &[("managementUri", &kit.rabbit.management_url())]).await;
        // The status reports that the other management API does not answer: no process listens on the discard port.
        shop.secret("management", "amqp://u:p@127.0.0.1", &[("managementUri", "http://127.0.0.1:9")]).await;
        shop.secret("pg-2", "postgres://v:p@pg:5432/app", &[]).await;
        shop.secret("redis-2", "redis://redis-2:6379", &[]).await;
        let pem = "not read by a test without TLS";
        shop.secret("tls", "none", &[("ca.crt", pem), ("tls.crt", pem), ("tls.key", pem)]).await;
    }
    let watched = ["--watch-namespace", &made.name, "--watch-namespace", &drained.name, "--lease-name", "every-field"];
    let operator = kit.start_operator(&watched).await;
    made.producer("events", "exchange: {name: every.made}").await;
    drained.consumer("inbox", "queue: {name: every}, bindings: [{exchange: amq.topic, routingKey: a}]").await;
    made.ready("nprod/events").await;
    drained.ready("ncons/inbox").await;
    refuse(&made, "nprod/events", &producer::immutable()).await;
    refuse(&drained, "ncons/inbox", &consumer::immutable()).await;

    let (producer_edits, consumer_edits) = (producer::edits(), consumer::edits());
    let (one, other) = tokio::join!(
        make(&made, "nprod/events", producer::DEPLOYMENTS, &producer_edits),
        make(&drained, "ncons/inbox", consumer::DEPLOYMENTS, &consumer_edits),
    );
    let wrong = [one, other].concat();
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), operator.log());
    operator.stop().await;
}
