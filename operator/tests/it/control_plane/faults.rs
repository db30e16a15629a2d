//! The operator crashes between any two writes, and the API server fails or goes away.

use futures::StreamExt;
use serde_json::Value;

use super::{
    faulty_client::{self, Fault},
    kit::{Kit, Namespace, only},
};
use crate::testkit::wait::eventually;

/// The final state, without what differs between namespaces and runs.
pub async fn end_state(shop: &Namespace<'_>) -> String {
    let mut objects: Value =
        serde_json::from_str(&shop.kubectl(&["get", "deploy,svc,cm,sa,pdb,nprod,ncons", "-o", "json"]).await).unwrap();
    let mut lines: Vec<String> = Vec::new();
    for object in objects["items"].as_array_mut().unwrap() {
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        if name == "kube-root-ca.crt" || name == "default" {
            continue;
        }
        let owners = object["metadata"]["ownerReferences"].as_array().map_or(0, Vec::len);
        let mut spec = object["spec"].take();
        for cluster_given in ["clusterIP", "clusterIPs"] {
            spec.as_object_mut().map(|spec| spec.remove(cluster_given));
        }
        // The hash is keyed by the uid, which differs in each namespace.
        if let Some(annotations) = spec.pointer_mut("/template/metadata/annotations").and_then(Value::as_object_mut) {
            annotations.remove("hoopoe.app/secrets-hash");
        }
        let (finalizers, data) = (&object["metadata"]["finalizers"], &object["data"]);
        lines.push(format!("{} {name} owners={owners} {finalizers} {spec} {data}", object["kind"]));
    }
    lines.sort();
    without_hashes(&lines.join("\n").replace(&shop.name, "NAMESPACE"))
}

/// The name of a config ends with a hash of its content, which includes the namespace.
fn without_hashes(text: &str) -> String {
    let is_hash = |word: &str| word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words: Vec<&str> = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()).collect();
    let kept = words.into_iter().map(|word| {
        let bare = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if is_hash(bare) { word.replace(bare, "HASH") } else { word.to_owned() }
    });
    let mut lines: Vec<String> = kept.collect::<String>().lines().map(str::to_owned).collect();
    lines.sort();
    lines.join("\n")
}

pub async fn broker_state(kit: &Kit, shop: &Namespace<'_>) -> String {
    let mut lines = Vec::new();
    for kind in ["queues", "policies", "bindings"] {
        for object in kit.broker(&format!("/api/{kind}/%2F")).await.as_array().unwrap() {
            let text = ["name", "pattern", "definition", "source", "destination", "routing_key", "arguments"]
                .map(|field| object[field].to_string())
                .join(" ");
            if text.contains(&shop.name) {
                lines.push(format!("{kind} {text}"));
            }
        }
    }
    lines.sort();
    lines.join("\n").replace(&shop.name, "NAMESPACE")
}

pub async fn ask_for(shop: &Namespace<'_>) {
    let name = &shop.name;
    shop.producer("events", &format!("exchange: {{name: {name}, ownership: Owned}}")).await;
    shop.consumer("inbox", &format!("queue: {{name: {name}}}, bindings: [{{exchange: {name}}}]")).await;
}

pub async fn both_ready(shop: &Namespace<'_>) {
    shop.ready("nprod/events").await;
    shop.ready("ncons/inbox").await;
}

/// Creates and deletes both resources. The operator dies after this many writes to the API server, and another replaces
/// it. Returns the final state of children and broker objects, and how many writes the first operator made.
async fn life(kit: &Kit, crash_after: Option<u32>) -> ((String, String), u32) {
    // Names of the same length, so that none is contained in another.
    let name = format!("crash-{}", crash_after.map_or("xx".to_owned(), |after| format!("{after:02}")));
    let shop = kit.namespace(&name).await;
    let kubeconfig = kit.plane.kubeconfig_for("operator", None).unwrap();
    let fault = Fault::CrashAfter(crash_after.unwrap_or(u32::MAX));
    let operator = faulty_client::operator(&kubeconfig, fault, &only(&name)).await;
    ask_for(&shop).await;
    match crash_after {
        None => both_ready(&shop).await,
        Some(_) => eventually("the crash", async || operator.count.is_gone()).await,
    }
    let writes = operator.count.writes();
    drop(operator);
    let again = format!("{name}-again");
    let flags = ["--watch-namespace", &name, "--lease-name", &again];
    let operator = faulty_client::operator(&kubeconfig, Fault::CrashAfter(u32::MAX), &flags).await;
    both_ready(&shop).await;
    let state = (end_state(&shop).await, broker_state(kit, &shop).await);
    shop.kubectl(&["delete", "ncons/inbox", "nprod/events", "--timeout=80s"]).await;
    assert_eq!(broker_state(kit, &shop).await, "", "{name}: nothing is left on the broker");
    drop(operator);
    (state, writes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_any_two_writes_ends_in_the_same_state() {
    let kit = Kit::unattended().await;
    let (expected, writes) = life(&kit, None).await;
    assert!(writes >= 15, "{writes}");
    let mut lives = futures::stream::iter(0..writes)
        .map(|after| {
            let kit = &*kit;
            async move { (after, life(kit, Some(after)).await.0) }
        })
        .buffer_unordered(4);
    while let Some((after, state)) = lives.next().await {
        assert_eq!(state, expected, "crashed after write {after} of {writes}");
    }
    println!("{writes} positions");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conflicts_throttling_errors_and_lost_answers_are_outlived() {
    let kit = Kit::unattended().await;
    let kubeconfig = kit.plane.kubeconfig_for("operator", None).unwrap();
    let shop = kit.namespace("noise").await;
    // Each watch must get through twice, and waits longer after each failure.
    let fault = Fault::Answers(5, &[409, 429, 500, 0, 503]);
    let operator = faulty_client::operator(&kubeconfig, fault, &only("noise")).await;
    ask_for(&shop).await;
    both_ready(&shop).await;
    shop.kubectl(&["delete", "ncons/inbox", "nprod/events", "--timeout=100s"]).await;
    drop(operator);
}

/// An operator that cannot renew its lease in time ends, as it must, and its Deployment starts it again. This test is
/// about the watches of an operator that outlives the outage. So the outage begins right after a renewal, and where the
/// API server needs longer than the lease holds, the next operator tries.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_server_that_is_killed_and_comes_back_is_watched_again() {
    let kit = Kit::start().await;
    let shop = kit.namespace("restart").await;
    let mut operator = kit.start_operator(&[]).await;
    ask_for(&shop).await;
    both_ready(&shop).await;
    let mut outages = 0;
    loop {
        let last = kit.renewed_at().await;
        eventually("the lease is renewed", async || kit.renewed_at().await != last).await;
        let last = kit.renewed_at().await;
        kit.plane.kill_api_server().await.unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        kit.plane.start_api_server().await.unwrap();
        eventually("it renews, or ends", async || !operator.runs() || kit.renewed_at().await != last).await;
        outages += 1;
        if operator.runs() {
            break;
        }
        assert!(operator.log().contains("failed to keep the lease"), "{}", operator.log());
        assert!(outages < 5, "no operator outlived an outage: {}", operator.log());
        operator = kit.start_operator(&[]).await;
        eventually("it leads", async || operator.leads().await).await;
    }
    shop.kubectl(&["delete", "deploy/events-producer"]).await;
    eventually("the watch sees it", async || shop.exists("deploy/events-producer").await).await;
    both_ready(&shop).await;
    assert!(!operator.log().contains("panicked"), "{}", operator.log());
}
