//! The commands for a cluster with an operator, explain and release; and the commands that need no cluster, crd and
//! render.

use std::{path::Path, time::Duration};

use hoopoe_e2e::{Folder, Method};
use hoopoe_operator::controller::FINALIZER;
use serde_json::{Value, json};

use crate::control_plane::kit::Kit;

const CONSUMER: &str = "queue: {name: inbox}, bindings: [{exchange: events, routingKey: 'order.*'}]";

/// Runs the binary; returns whether it succeeded, what it printed, and what it complained about.
pub async fn run(kubeconfig: &Path, args: &[&str]) -> (bool, String, String) {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_hoopoe-operator"));
    let output = command.env("KUBECONFIG", kubeconfig).args(args).kill_on_drop(true).output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn explain_shows_where_the_chain_ends_and_release_lets_everything_go() {
    let kit = Kit::start().await;
    let operator = kit.start_operator(&[]).await;
    let shop = kit.namespace("shop").await;
    shop.producer("events", "exchange: {name: events, ownership: Owned}").await;
    shop.ready("nprod/events").await;
    shop.consumer("inbox", CONSUMER).await;
    shop.ready("ncons/inbox").await;

    let admin = kit.plane.kubeconfig();
    let explain = async |what: &str| {
        let (well, chain, complaint) = run(admin, &["explain", what, "-n", "shop"]).await;
        assert!(well, "{complaint}");
        chain
    };
    let chain = explain("ncons/inbox").await;
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
    assert!(!explain("nprod/events").await.contains("FAILS"));
    // Delete the exchange by hand. Until the operator has restored it, the chain ends there.
    kit.rabbit.management(Method::DELETE, "/api/exchanges/%2F/events", None).await.unwrap();
    let broken = explain("ncons/inbox").await;
    assert!(broken.contains("the chain ends at: exchange events"), "{broken}");
    let stranger = kit.plane.kubeconfig_for("stranger", None).unwrap();
    let (well, _, complaint) = run(&stranger, &["explain", "ncons/inbox", "-n", "shop"]).await;
    assert!(!well && complaint.contains("stranger"), "{complaint}");
    let (well, _, complaint) = run(admin, &["explain", "ncons/nobody", "-n", "shop"]).await;
    assert!(!well && complaint.contains("shop/nobody"), "{complaint}");

    // Released with the operator's own role, while it leads.
    let finalizers = async |what: &str| shop.get(what).await["metadata"]["finalizers"].clone();
    for what in ["nprod/events", "ncons/inbox"] {
        assert_eq!(finalizers(what).await, json!([FINALIZER]));
    }
    shop.patch("ncons/inbox", &json!({ "metadata": { "finalizers": [FINALIZER, "example.org/other"] } })).await;
    let role = kit.plane.kubeconfig_for("operator", None).unwrap();
    let release = ["release", "--lease-namespace", "hoopoe-system"];
    let (well, said, complaint) = run(&role, &release).await;
    assert!(well && said.starts_with("dropped the finalizers of 2 resources"), "{said}{complaint}");
    assert!(!operator.ended().await.success(), "it lost its lease, and ended");
    assert!(operator.log().contains("failed to keep the lease"), "{}", operator.log());
    assert_eq!(finalizers("nprod/events").await, Value::Null);
    assert_eq!(finalizers("ncons/inbox").await, json!(["example.org/other"]), "another's finalizer stays");
    let again = tokio::time::Instant::now();
    assert!(run(&role, &release).await.1.starts_with("dropped the finalizers of 0 resources"));
    assert!(again.elapsed() < Duration::from_secs(5), "it does not wait for itself");
    // Another operator that still runs waits, and adds no finalizer again.
    let late = kit.start_operator(&[]).await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(finalizers("nprod/events").await, Value::Null);
    late.kill().await;
    let queue = kit.broker("/api/queues/%2F/inbox").await;
    assert_eq!((queue["name"].as_str(), queue["policy"].as_str()), (Some("inbox"), Some("hoopoe.shop.inbox")));
    shop.patch("ncons/inbox", &json!({ "metadata": { "finalizers": [] } })).await;
    kit.plane.kubectl(&["delete", "namespace", "shop", "--timeout=60s"]).await.unwrap();
    assert_eq!(kit.broker("/api/queues/%2F/inbox").await["name"], "inbox", "kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_server_takes_what_crd_and_render_print() {
    let kit = Kit::shared().await;
    let nowhere = Path::new("/nowhere");
    let (well, crds, complaint) = run(nowhere, &["crd"]).await;
    assert!(well, "{complaint}");
    kit.plane.apply(&crds).await.unwrap();
    let folder = Folder::new().unwrap();
    let secret =
        "{apiVersion: v1, kind: Secret, metadata: {name: rabbitmq}, stringData: {uri: 'amqp://u:given-password@mq'}}";
    let manifests =
        [include_str!("../../fixtures/full-producer.yaml"), include_str!("../../fixtures/full-consumer.yaml"), secret];
    std::fs::write(folder.path().join("all.yaml"), manifests.join("\n---\n")).unwrap();
    let (well, text, complaint) = run(nowhere, &["render", "-f", folder.path().to_str().unwrap()]).await;
    assert!(well, "{complaint}");
    assert!(text.contains("kind: Deployment") && !text.contains("given-password"), "{text}");
    for line in text.lines().filter(|line| line.trim_start().starts_with("namespace:")) {
        // The resource may exist already.
        let _ = kit.plane.kubectl(&["create", "namespace", line.split(':').nth(1).unwrap().trim()]).await;
    }
    // A cluster without Prometheus' operator does not know all kinds.
    let known: Vec<&str> = text.split("---\n").filter(|document| !document.contains("kind: PodMonitor")).collect();
    assert!(known.len() > 10, "{}", known.len());
    let dry_run = ["apply", "--server-side", "--dry-run=server", "-f", "-"];
    let output = kit.plane.kubectl_with(&dry_run, &known.join("---\n")).await.unwrap();
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
}
