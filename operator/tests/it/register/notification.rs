//! A registration with a notification: it is sent through a real producer once the resource is Ready.

use std::time::Duration;

use hoopoe_e2e::{Child, ChildOptions, Folder, free_port, hoopoe_binary, wait_http};
use reqwest::Proxy;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::register::kit::{ALL, Port, client};
use crate::testkit::client::install_crypto;

const LIMIT: Duration = Duration::from_mins(1);

fn registration() -> Value {
    json!({ "producer_info": { "exchange_name": "mails", "routing_key": "k",
        "notif_data": { "receiver_info": "bob", "id": "hello", "action_type": "T", "actioner_info": "x" } } })
}

/// Starts `hoopoe dev` with the producer and the inbox of the registration; returns where both listen.
async fn dev(folder: &Folder) -> (Child, u16) {
    let (port, admin) = (free_port().unwrap(), free_port().unwrap());
    let consumer = json!({
        "apiVersion": "hoopoe.app/v1alpha1", "kind": "NotifConsumer", "metadata": { "name": "inbox" },
        "spec": { "broker": { "secretRef": { "name": "b" } }, "postgres": { "secretRef": { "name": "p" } },
            "queue": { "name": "inbox" }, "bindings": [{ "exchange": "mails", "routingKey": "#" }],
            "api": { "port": port } },
    });
    let producer = json!({
        "apiVersion": "hoopoe.app/v1alpha1", "kind": "NotifProducer", "metadata": { "name": "mails" },
        "spec": { "broker": { "secretRef": { "name": "b" } }, "exchange": { "name": "mails" }, "routingKey": "k",
            "ingress": { "http": { "port": port } } },
    });
    for (name, manifest) in [("consumer.json", consumer), ("producer.json", producer)] {
        std::fs::write(folder.path().join(name), manifest.to_string()).unwrap();
    }
    let options = ChildOptions::new(hoopoe_binary().await.unwrap()).name("hoopoe").without_env("HOOPOE_").args([
        "dev".to_owned(),
        "-f".to_owned(),
        folder.path().display().to_string(),
        "--data".to_owned(),
        folder.path().join("data").display().to_string(),
        "--admin".to_owned(),
        format!("127.0.0.1:{admin}"),
    ]);
    let child = Child::start_in(&options, folder).unwrap();
    wait_http(&child, &format!("http://127.0.0.1:{admin}/readyz"), LIMIT).await.unwrap();
    (child, port)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_goes_out_once_its_producer_is_ready() {
    install_crypto();
    let folder = Folder::new().unwrap();
    let (_child, producer) = dev(&folder).await;
    // No pod runs here: this proxy stands for the Service, and sends every request to the producer.
    let proxy = Proxy::http(format!("http://127.0.0.1:{producer}")).unwrap();
    let http = reqwest::Client::builder().proxy(proxy).timeout(LIMIT).build().unwrap();
    let port = Port::open("notified", |settings| {
        settings.ready_limit = LIMIT;
        settings.http = http;
    })
    .await;
    let token = port.caller("registrar", ALL, &["notifproducers"]).await;
    let status = json!({ "status": { "observedGeneration": 1, "conditions": [{ "type": "Ready", "status": "True",
        "reason": "AsAsked", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z" }] } });
    let becomes_ready = async {
        let until = Instant::now() + LIMIT;
        while port.there().await.is_empty() {
            assert!(Instant::now() < until, "never made");
            sleep(Duration::from_millis(100)).await;
        }
        let patch = format!("--patch={status}");
        let args = ["-n", "notified", "patch", "nprod", "mails", "--subresource=status", "--type=merge", &patch];
        port.plane.kubectl(&args).await.unwrap();
    };
    let body = registration();
    let ((status, answer), ()) = tokio::join!(port.post(Some(&token), &body), becomes_ready);
    assert_eq!(status, 201, "{answer}");
    assert_eq!(answer["data"]["notif"]["sent"], true, "{answer}");
    assert!(answer["data"]["notif"]["id"].is_string(), "{answer}");
    let inbox = format!("http://127.0.0.1:{producer}/v1/owners/bob/feed");
    let until = Instant::now() + LIMIT;
    loop {
        let feed: Value = client().get(&inbox).send().await.unwrap().json().await.unwrap();
        if feed["items"][0]["source_id"] == "hello" {
            return;
        }
        assert!(Instant::now() < until, "{feed}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_producer_is_not_ready_is_said_not_to_be_sent() {
    let port = Port::open("waiting", |_| {}).await;
    let token = port.caller("registrar", ALL, &["notifproducers"]).await;
    let (status, answer) = port.post(Some(&token), &registration()).await;
    assert_eq!((status, &answer["data"]["notif"]["sent"]), (201, &json!(false)), "{answer}");
    assert!(answer["data"]["notif"]["reason"].as_str().unwrap().contains("not Ready within 1s"), "{answer}");
    assert_eq!(port.there().await.len(), 1, "it is registered all the same");

    // A caller that may create a resource but not read it.
    let blind = port.caller("blind", "create,patch", &["notifproducers"]).await;
    let (status, answer) = port.post(Some(&blind), &registration()).await;
    assert_eq!((status, &answer["data"]["notif"]["sent"]), (201, &json!(false)), "{answer}");
    assert!(answer["data"]["notif"]["reason"].as_str().unwrap().contains("cannot get resource"), "{answer}");
}
