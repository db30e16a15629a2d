//! What people ask of a cluster that an operator looks after: plan, explain, release; and crd and render, which need none.

use std::{path::PathBuf, time::Duration};

use hoopoe_e2e::{Folder, Method};
use hoopoe_operator::{
    cli::{
        crd,
        explain::{self, ExplainArgs},
        plan::{self, Output, PlanArgs, TopologyPlan, Verdict},
        release::{self, ReleaseArgs},
        render::{self, RenderArgs},
        run::StartError,
    },
    controller::FINALIZER,
};
use kube::Client;
use serde_json::json;

use crate::kit::{Kit, Namespace};

const PRODUCER: &str = "exchange: {name: events}";
const CONSUMER: &str = "queue: {name: inbox}, bindings: [{exchange: events, routingKey: 'order.*'}]";

fn document(namespace: &str, kind: &str, name: &str, spec: &str) -> String {
    let stores = if kind == "NotifConsumer" {
        "postgres: {secretRef: {name: pg}}, redis: {secretRef: {name: redis}}, "
    } else {
        ""
    };
    format!(
        "{{apiVersion: hoopoe.app/v1alpha1, kind: {kind}, metadata: {{name: {name}, namespace: {namespace}}}, spec: {{broker: {{secretRef: {{name: rabbit}}}}, {stores}{spec}}}}}\n---\n"
    )
}

async fn planned(client: &Client, folder: &Folder, text: &str) -> plan::Plan {
    let file: PathBuf = folder.path().join("plan.yaml");
    std::fs::write(&file, text).unwrap();
    let args = PlanArgs { filenames: vec![file], output: Output::Text, field_manager: "kubectl".to_owned() };
    plan::plan(client, &args).await.unwrap()
}

async fn explained(client: &Client, namespace: &Namespace<'_>, what: &str) -> String {
    let args = ExplainArgs { resource: what.parse().unwrap(), namespace: Some(namespace.name.clone()) };
    explain::text(&explain::explain(client, &args).await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_says_what_rolls_what_changes_and_what_is_lost() {
    let mut kit = Kit::start().await;
    let operator = kit.operator(&[]).await;
    let client = kit.client(kit.plane.kubeconfig().to_owned()).await;
    let folder = Folder::new().unwrap();
    let shop = kit.namespace("shop").await;

    let both =
        document("shop", "NotifProducer", "events", PRODUCER) + &document("shop", "NotifConsumer", "inbox", CONSUMER);
    let fresh = planned(&client, &folder, &both).await;
    println!("{}", fresh.print(Output::Text));
    assert!(fresh.resources.iter().all(|resource| resource.verdict == Verdict::Created), "{fresh:#?}");
    assert_eq!(fresh.resources[0].pods, ["events-producer: 1 start"]);
    assert_eq!(fresh.resources[1].pods, ["inbox-consumer: 1 start", "inbox-api: 2 start"]);
    let text = fresh.print(Output::Text);
    assert!(text.contains("broker  declare the topic exchange events"), "{text}");
    assert!(text.contains("broker  declare the quorum queue inbox\n"), "{text}");
    assert!(text.contains("broker  bind the queue to events, once its producer has made it"), "{text}");
    let alone =
        planned(&client, &folder, &document("shop", "NotifConsumer", "inbox", CONSUMER)).await.print(Output::Text);
    assert!(alone.contains("broker  PROBLEM: the exchange events is not there"), "{alone}");
    assert!(shop.kubectl(&["get", "nprod,ncons,deploy", "-o", "name"]).await.is_empty(), "nothing was written");
    assert!(kit.rabbit.get("/api/queues").await.unwrap().as_array().unwrap().is_empty());

    shop.producer("events", PRODUCER).await;
    shop.ready("nprod/events").await;
    shop.consumer("inbox", CONSUMER).await;
    shop.ready("ncons/inbox").await;
    let before = shop.versions().await;
    let same = planned(&client, &folder, &both).await;
    let unchanged = "NotifProducer shop/events: nothing changes\nNotifConsumer shop/inbox: nothing changes\n";
    assert_eq!(same.print(Output::Text), unchanged);

    // Nobody drains the queue: the pods here run nothing.
    for _ in 0..10 {
        let message =
            json!({ "properties": {}, "routing_key": "order.new", "payload": "{}", "payload_encoding": "string" });
        kit.rabbit.management(Method::POST, "/api/exchanges/%2F/events/publish", Some(&message)).await.unwrap();
    }
    let waiting = async || kit.rabbit.get("/api/queues/%2F/inbox").await.unwrap()["messages_ready"] == 10;
    assert!(shop.until("ten messages", async || waiting().await.then_some(())).await.is_some());

    let changed = "queue: {name: inbox, policy: {maxLength: 4, overflow: DropHead}}, replicas: 3, consume: {prefetch: 50}, \
                   bindings: [{exchange: events, routingKey: 'user.*'}]";
    let change = planned(&client, &folder, &document("shop", "NotifConsumer", "inbox", changed)).await;
    println!("{}\n{}", change.print(Output::Text), change.print(Output::Markdown));
    let [consumer] = change.resources.as_slice() else { panic!("{change:#?}") };
    let Verdict::Changed(fields) = &consumer.verdict else { panic!("{change:#?}") };
    let paths: Vec<&str> = fields.iter().map(|field| field.path.as_str()).collect();
    let expected = [
        "spec.bindings",
        "spec.consume.prefetch",
        "spec.queue.policy.maxLength",
        "spec.queue.policy.overflow",
        "spec.replicas",
    ];
    assert_eq!(paths, expected);
    assert_eq!(consumer.pods, ["inbox-consumer: 1 roll", "inbox-consumer: from 1 to 3"], "and the inbox API stays");
    let TopologyPlan::Known { changes, findings } = &consumer.topology else { panic!("{change:#?}") };
    assert_eq!(findings, &[""; 0]);
    let said = changes.join("\n");
    for part in [
        "set the policy hoopoe.shop.inbox on",
        "with the key \"user.*\"",
        "unbind the queue inbox from events with the key \"order.*\"",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(
        consumer.losses,
        [
            "6 of the 10 messages in inbox are over maxLength: the oldest are dropped",
            "when inbox is full its oldest message is dropped, and nobody is told",
            "what is published to events with the key \"order.*\" no longer comes to inbox",
        ]
    );
    let markdown = change.print(Output::Markdown);
    assert!(
        markdown.contains("| **see below** |") && markdown.contains("| `spec.replicas` | `1` | `3` |"),
        "{markdown}"
    );

    // What is refused by the API server, by the operator's own rules, and by another resource's claim.
    let wrong =
        planned(&client, &folder, &document("shop", "NotifConsumer", "inbox", &format!("{CONSUMER}, replicas: -1")))
            .await;
    assert!(wrong.is_refused() && wrong.print(Output::Text).contains("spec.replicas"), "{wrong:#?}");
    let template = format!("{CONSUMER}, podTemplate: {{spec: {{containers: [{{name: hoopoe, $patch: delete}}]}}}}");
    let wrong = planned(&client, &folder, &document("shop", "NotifConsumer", "inbox", &template)).await;
    assert!(wrong.is_refused() && wrong.print(Output::Text).contains("spec.podTemplate"), "{wrong:#?}");
    let rival = planned(&client, &folder, &document("shop", "NotifConsumer", "rival", CONSUMER)).await;
    assert!(rival.print(Output::Text).contains("PROBLEM: the queue inbox belongs to shop/inbox"), "{rival:#?}");
    let nowhere = planned(&client, &folder, &document("nowhere", "NotifProducer", "events", PRODUCER)).await;
    assert!(nowhere.is_refused() && nowhere.print(Output::Text).contains("nowhere"), "{nowhere:#?}");

    // A Secret that is not there, and a name that somebody else has.
    let other = "broker: {secretRef: {name: none}}, exchange: {name: other}";
    let text = document("shop", "NotifProducer", "other", "").replace("broker: {secretRef: {name: rabbit}}, ", other);
    shop.kubectl(&["create", "service", "clusterip", "other-producer", "--tcp=80"]).await;
    let missing = planned(&client, &folder, &text).await.print(Output::Text);
    assert!(missing.contains("broker  not known:") && missing.contains("none"), "{missing}");
    assert!(missing.contains("the Service other-producer is there and is not this resource's"), "{missing}");
    assert_eq!(shop.versions().await.iter().filter(|line| !line.contains("other-producer")).count(), before.len());
    assert!(
        shop.versions().await.iter().all(|line| before.contains(line) || line.contains("other-producer")),
        "nothing moved"
    );
    operator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn explain_shows_where_the_chain_ends_and_release_lets_everything_go() {
    let mut kit = Kit::start().await;
    let operator = kit.operator(&[]).await;
    let admin = kit.client(kit.plane.kubeconfig().to_owned()).await;
    let shop = kit.namespace("shop").await;
    shop.producer("events", "exchange: {name: events, ownership: Owned}").await;
    shop.ready("nprod/events").await;
    shop.consumer("inbox", CONSUMER).await;
    shop.ready("ncons/inbox").await;

    let chain = explained(&admin, &shop, "ncons/inbox").await;
    println!("{chain}");
    for (state, part) in [
        ("ok", "NotifConsumer shop/inbox"),
        ("ok", "Secret rabbit"),
        ("ok", "exchange events"),
        ("ok", "binding events → inbox"),
        ("ok", "queue inbox"),
        ("ok", "dead letters inbox.dlq"),
        ("ok", "Deployment inbox-consumer"),
        ("ok", "Deployment inbox-api"),
        ("?", "pod inbox-consumer-"),
    ] {
        let found = chain.lines().any(|line| line.starts_with(state) && line.contains(part));
        assert!(found, "{state} {part}: {chain}");
    }
    assert!(!chain.contains("FAILS"), "{chain}");
    assert!(!chain.contains(&kit.rabbit.url()) && !chain.contains("postgres://"), "credentials: {chain}");
    assert!(!explained(&admin, &shop, "nprod/events").await.contains("FAILS"));
    // The exchange is taken away by hand; before the operator has mended it the chain ends there.
    kit.rabbit.management(Method::DELETE, "/api/exchanges/%2F/events", None).await.unwrap();
    let broken = explained(&admin, &shop, "ncons/inbox").await;
    assert!(broken.contains("the chain ends at: exchange events"), "{broken}");
    let stranger = kit.client(kit.plane.kubeconfig_for("stranger", None).unwrap()).await;
    let args = ExplainArgs { resource: "ncons/inbox".parse().unwrap(), namespace: Some("shop".to_owned()) };
    let refused = explain::explain(&stranger, &args).await.unwrap_err().to_string();
    assert!(refused.contains("stranger"), "{refused}");

    // Released under the operator's own role, while it leads.
    let finalizers = async |what: &str| shop.get(what).await["metadata"]["finalizers"].to_string();
    assert!(
        finalizers("nprod/events").await.contains(FINALIZER) && finalizers("ncons/inbox").await.contains(FINALIZER)
    );
    shop.kubectl(&[
        "patch",
        "ncons",
        "inbox",
        "--type=merge",
        "-p",
        r#"{"metadata":{"finalizers":["hoopoe.app/topology","example.org/other"]}}"#,
    ])
    .await;
    let role = kit.client(kit.plane.kubeconfig_for("operator", None).unwrap()).await;
    let args = ReleaseArgs {
        watch_namespaces: Vec::new(),
        lease_namespace: Some("hoopoe-system".to_owned()),
        lease_name: "hoopoe-operator".to_owned(),
    };
    assert_eq!(release::release(&role, &args).await.unwrap(), 2);
    assert!(matches!(operator.ended().await, Err(StartError::LeaseLost)));
    assert_eq!(finalizers("nprod/events").await, "null");
    assert_eq!(finalizers("ncons/inbox").await, r#"["example.org/other"]"#, "another's finalizer stays");
    assert_eq!(release::release(&role, &args).await.unwrap(), 0, "again, without waiting for itself");
    // Another operator that is still there waits, and puts nothing on again.
    let late = kit.operator_with(role.clone(), &[]);
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(finalizers("nprod/events").await, "null");
    late.crash().await;
    let queue = kit.rabbit.get("/api/queues/%2F/inbox").await.unwrap();
    assert_eq!((queue["name"].as_str(), queue["policy"].as_str()), (Some("inbox"), Some("hoopoe.shop.inbox")));
    shop.kubectl(&["patch", "ncons", "inbox", "--type=merge", "-p", r#"{"metadata":{"finalizers":[]}}"#]).await;
    kit.plane.kubectl(&["delete", "namespace", "shop", "--timeout=60s"]).await.unwrap();
    assert_eq!(kit.rabbit.get("/api/queues/%2F/inbox").await.unwrap()["name"], "inbox", "kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_server_takes_what_crd_and_render_print() {
    let kit = Kit::start().await;
    kit.plane.apply(&crd::text().unwrap()).await.unwrap();
    let folder = Folder::new().unwrap();
    let manifests = [include_str!("../fixtures/full-producer.yaml"), include_str!("../fixtures/full-consumer.yaml")]
        .join("\n---\n");
    let secret = "\n---\n{apiVersion: v1, kind: Secret, metadata: {name: rabbitmq}, stringData: {uri: 'amqp://u:given-password@mq'}}\n";
    let file = folder.path().join("all.yaml");
    std::fs::write(&file, manifests + secret).unwrap();
    let args = RenderArgs {
        filenames: vec![file],
        worker_image: "registry.example/hoopoe:1".to_owned(),
        worker_image_pull_secrets: Vec::new(),
        otlp_endpoint: None,
        pod_monitors: false,
    };
    let text = render::text(&args).await.unwrap();
    assert!(text.contains("kind: Deployment") && !text.contains("given-password"), "{text}");
    for line in text.lines().filter(|line| line.trim_start().starts_with("namespace:")) {
        let namespace = line.split(':').nth(1).unwrap().trim();
        // It may be there already.
        let _ = kit.plane.kubectl(&["create", "namespace", namespace]).await;
    }
    // No kind of a cluster without Prometheus' operator.
    let text: Vec<&str> = text.split("---\n").filter(|document| !document.contains("kind: PodMonitor")).collect();
    let text = text.join("---\n");
    let output =
        kit.plane.kubectl_with(&["apply", "--server-side", "--dry-run=server", "-f", "-"], &text).await.unwrap();
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
}
