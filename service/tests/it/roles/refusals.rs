//! A fault that waiting cannot mend ends the worker with one clear line.

use std::net::TcpListener;

use hoopoe_e2e::{Folder, free_port};
use serde_json::json;

use crate::roles::kit::{api, config, consumer, producer, refused, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_url_is_one_line_that_names_the_variable() {
    let folder = Folder::new().unwrap();
    let amqp = [("HOOPOE_AMQP_URL", "amqp://127.0.0.1:1".to_owned())];
    let cases: [(&str, &[(&str, String)], _, _); 4] = [
        ("producer", &[], producer(free_port().unwrap()), "HOOPOE_AMQP_URL"),
        ("consumer", &[], consumer(), "HOOPOE_AMQP_URL"),
        ("consumer", &amqp, consumer(), "HOOPOE_POSTGRES_URL"),
        ("api", &[], api(free_port().unwrap()), "HOOPOE_POSTGRES_URL"),
    ];
    for (role, env, config, variable) in cases {
        let log = refused(&folder, role, env, config).await;
        assert_eq!(log.lines().filter(|line| line.contains(variable)).count(), 1, "{role}: {log}");
    }
    let wrong = [("HOOPOE_AMQP_URL", "http://user:pass-word@h".to_owned())];
    let log = refused(&folder, "producer", &wrong, producer(free_port().unwrap())).await;
    assert!(log.contains("HOOPOE_AMQP_URL") && !log.contains("pass-word"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_that_cannot_be_used_is_refused() {
    let folder = Folder::new().unwrap();
    let mut newer = producer(1);
    newer["version"] = json!(99);
    let log = refused(&folder, "producer", &[], newer).await;
    assert!(log.contains("99") && log.contains("version"), "{log}");
    let log = refused(&folder, "consumer", &[], producer(1)).await;
    assert!(log.contains("`consumer`"), "{log}");
    let log = refused(&folder, "producer", &[], config("producer", json!({ "port": "x" }))).await;
    assert!(log.contains("producer"), "{log}");
    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut busy = producer(free_port().unwrap());
    busy["admin"] = json!({ "port": port });
    let amqp = [("HOOPOE_AMQP_URL", "amqp://127.0.0.1:1".to_owned())];
    let log = refused(&folder, "producer", &amqp, busy).await;
    assert!(log.contains("in use") && log.contains(&port.to_string()), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_key_is_warned_about_and_counted() {
    let folder = Folder::new().unwrap();
    let mut config = producer(free_port().unwrap());
    config["producer"]["fromTheFuture"] = json!(1);
    let worker = start(&folder, "producer", &[("HOOPOE_AMQP_URL", "amqp://127.0.0.1:1".to_owned())], config);
    worker.says("producer.fromTheFuture").await;
    hoopoe_e2e::wait_http(&worker.child, &worker.url("/healthz"), crate::roles::kit::LIMIT).await.unwrap();
    let (_, metrics) = worker.get("/metrics").await;
    assert!(metrics.contains("hoopoe_config_unknown_keys 1"), "{metrics}");
    let (status, report) = worker.get("/readyz").await;
    assert_eq!(status, 503, "{report}");
    worker.ends_well().await;
}
