//! What `-f` takes and what it refuses.

use hoopoe_e2e::free_port;
use serde_json::json;

use crate::dev::kit::{Dev, consumer, inbox_of, producer, send_until_taken, yaml};

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_runs_as_a_file_does_and_a_secret_is_passed_over() {
    let (ingest, api) = (free_port().unwrap(), free_port().unwrap());
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": "s" },
        "stringData": { "url": "hidden-value" },
    });
    let dev = Dev::new("");
    let manifests = dev.folder.path().join("manifests");
    std::fs::create_dir(&manifests).unwrap();
    std::fs::write(manifests.join("b.yml"), yaml(&[secret, producer("orders", "shop", ingest)])).unwrap();
    std::fs::write(manifests.join("a.json"), consumer("inbox", "shop", api).to_string()).unwrap();
    std::fs::write(manifests.join("notes.txt"), "no: [manifest").unwrap();
    let dev = dev.on(vec![manifests]).started().await;
    send_until_taken(ingest, "ada", "n1").await;
    assert_eq!(inbox_of(api, "ada", 1).await, ["n1"]);
    let log = dev.child().log();
    assert!(log.contains("Secret s") && !log.contains("hidden-value"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_by_name() {
    let mut unknown = producer("orders", "shop", 8080);
    unknown["spec"]["exchange"]["durible"] = json!(true);
    let log = Dev::new(&yaml(&[unknown])).refused().await;
    for part in ["manifests.yaml", "NotifProducer", "orders", "spec.exchange.durible"] {
        assert!(log.contains(part), "{part}: {log}");
    }
    let mut invalid = consumer("inbox", "shop", 8080);
    invalid["spec"]["queue"]["name"] = json!("q".repeat(300));
    let log = Dev::new(&yaml(&[invalid])).refused().await;
    assert!(log.contains("spec.queue.name") && log.contains("25"), "{log}");
    let log = Dev::new("a: [b").refused().await;
    assert!(log.contains("manifests.yaml") && log.contains("document 1"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_run_and_a_missing_path_are_said() {
    let log = Dev::new("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n").refused().await;
    assert!(log.contains("failed to find a NotifProducer or NotifConsumer"), "{log}");
    let dev = Dev::new("");
    let missing = dev.folder.path().join("missing.yaml");
    let log = dev.on(vec![missing]).refused().await;
    assert!(log.contains("missing.yaml") && log.contains("No such file"), "{log}");
}
