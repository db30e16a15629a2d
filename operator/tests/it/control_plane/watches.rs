//! Each watch is cut: the operator still sees later changes, and not only through its check every minute. And one watch
//! that lags.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};

use super::{
    faults::{ask_for, both_ready},
    faulty_client::{self, Cut, Fault},
    kit::{Kit, only},
};
use crate::testkit::wait::eventually;

const GONE: &str = concat!(
    r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","code":410,"#,
    r#""reason":"Expired","message":"too old resource version"}}"#,
);

/// Less than the minute after which the operator checks everything. A watch that broke waits for up to two seconds.
const SOON: Duration = Duration::from_secs(30);

async fn soon(what: &str, ask: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    eventually(what, ask).await;
    assert!(started.elapsed() < SOON, "{what}: only after {:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_watch_that_ends_or_grows_too_old_is_begun_anew_and_misses_nothing() {
    let kit = Kit::unattended().await;
    let kubeconfig = kit.plane.kubeconfig_for("operator", None).unwrap();
    let shop = kit.namespace("cuts").await;
    let (cuts, _) = broadcast::channel(64);
    let operator = faulty_client::operator(&kubeconfig, Fault::CutWatches(cuts.clone()), &only("cuts")).await;
    ask_for(&shop).await;
    shop.patch("nprod/events", &json!({ "spec": { "networkPolicy": { "enabled": true }, "autoscale": { "max": 3 } } }))
        .await;
    both_ready(&shop).await;

    for (round, last_event) in [(1, Some(GONE)), (2, None)] {
        // The cut must reach an open watch, otherwise the test would show nothing.
        let cut = |plural| assert!(cuts.send(Cut { plural, last_event }).is_ok(), "no watch is open");
        for (plural, child) in [
            ("deployments", "deploy/inbox-consumer"),
            ("services", "svc/events-producer"),
            ("serviceaccounts", "sa/events-producer"),
            ("poddisruptionbudgets", "pdb/events-producer"),
            ("networkpolicies", "netpol/events-producer"),
            ("horizontalpodautoscalers", "hpa/events-producer"),
        ] {
            cut(plural);
            let uid = shop.get(child).await["metadata"]["uid"].clone();
            shop.kubectl(&["delete", child]).await;
            soon(&format!("{child} is back, round {round}"), async || {
                shop.exists(child).await && shop.get(child).await["metadata"]["uid"] != uid
            })
            .await;
        }
        cut("configmaps");
        let list = shop.list("cm").await;
        let config = list
            .iter()
            .find_map(|config| config["metadata"]["name"].as_str().filter(|name| name.starts_with("events-")));
        let config = format!("cm/{}", config.unwrap());
        shop.kubectl(&["delete", &config]).await;
        soon("the config is back", async || shop.exists(&config).await).await;

        cut("secrets");
        let hash = async || {
            let deployment = shop.get("deploy/inbox-api").await;
            deployment["spec"]["template"]["metadata"]["annotations"]["hoopoe.app/secrets-hash"].clone()
        };
        let before: Value = hash().await;
        shop.secret("pg", &format!("postgres://u:rotated-{round}@pg:5432/app"), &[]).await;
        soon("the credential is new", async || hash().await != before).await;

        cut("notifconsumers");
        shop.patch("ncons/inbox", &json!({ "spec": { "replicas": 1 + round } })).await;
        soon("the consumer's edit", async || shop.get("deploy/inbox-consumer").await["spec"]["replicas"] == 1 + round)
            .await;
        cut("notifproducers");
        shop.patch("nprod/events", &json!({ "spec": { "disruption": { "maxUnavailable": 1 + round } } })).await;
        soon("the producer's edit", async || {
            shop.get("pdb/events-producer").await["spec"]["maxUnavailable"] == 1 + round
        })
        .await;
    }
    both_ready(&shop).await;
    drop(operator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_that_lags_leaves_no_older_status() {
    let kit = Kit::unattended().await;
    let kubeconfig = kit.plane.kubeconfig_for("operator", None).unwrap();
    let shop = kit.namespace("lags").await;
    let (hold, held) = watch::channel(false);
    let fault = Fault::HoldWatch("notifproducers", held);
    let operator = faulty_client::operator(&kubeconfig, fault, &only("lags")).await;
    ask_for(&shop).await;
    both_ready(&shop).await;
    let ready = async || {
        let status = shop.get("nprod/events").await["status"].clone();
        let found = status["conditions"].as_array().into_iter().flatten().find(|one| one["type"] == "Ready").cloned();
        found.map(|one| (one["status"].clone(), one["lastTransitionTime"].clone())).unwrap()
    };
    shop.quiet_versions().await;

    hold.send(true).unwrap();
    let (_, before) = ready().await;
    shop.kubectl(&["delete", "deploy/events-producer"]).await;
    soon("it went, is back, and the status says so", async || {
        let (status, since) = ready().await;
        status == "True" && since != before
    })
    .await;
    hold.send(false).unwrap();
    drop(operator);
}
