//! A broker that starts late, is full, blocked or frozen, as a sender over HTTP sees it; and a port that another
//! process has.

use std::net::TcpListener;

use hoopoe_e2e::{Folder, Method, Postgres, PostgresOptions, RabbitMq, RabbitMqOptions, free_port};
use serde_json::{Value, json};

use crate::roles::kit::{api, consumer, goes_through, migrate, producer, refused, start};
use crate::testkit::client::client;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn producer_and_consumer_that_start_before_rabbitmq_become_ready_when_it_comes() {
    let rabbit = RabbitMq::start(RabbitMqOptions::default());
    let (rabbit, postgres) = tokio::try_join!(rabbit, Postgres::start(PostgresOptions::default())).unwrap();
    let folder = Folder::new().unwrap();
    let env = [("HOOPOE_AMQP_URL", rabbit.url()), ("HOOPOE_POSTGRES_URL", postgres.url())];
    migrate(&env, &["up"]).await;
    rabbit.stop().await.unwrap();
    let (ingest, inbox) = (free_port().unwrap(), free_port().unwrap());
    let producing = start(&folder, "producer", &env, producer(ingest));
    let consuming = start(&folder, "consumer", &env, consumer());
    let serving = start(&folder, "api", &env, api(inbox));
    // The inbox API needs no broker.
    serving.ready().await;
    for worker in [&producing, &consuming] {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        assert_eq!(worker.get("/healthz").await.0, 200, "{}", worker.child.log());
        assert_eq!(worker.get("/readyz").await.0, 503, "{}", worker.child.log());
    }
    rabbit.restart().await.unwrap();
    producing.ready().await;
    consuming.ready().await;
    goes_through(ingest, inbox, &json!({ "owner": "ada", "kind": "k", "title": "late" })).await;
    for worker in [&producing, &consuming, &serving] {
        worker.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_is_taken_is_named_and_ends_the_role() {
    let (rabbit, postgres) =
        tokio::try_join!(RabbitMq::start(RabbitMqOptions::default()), Postgres::start(PostgresOptions::default()))
            .unwrap();
    let folder = Folder::new().unwrap();
    let env = [("HOOPOE_AMQP_URL", rabbit.url()), ("HOOPOE_POSTGRES_URL", postgres.url())];
    migrate(&env, &["up"]).await;
    let taken = TcpListener::bind(("0.0.0.0", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    for (role, config) in [("producer", producer(port)), ("api", api(port))] {
        let log = refused(&folder, role, &env, config).await;
        let said = log.lines().filter(|line| line.contains(&port.to_string()) && line.contains("in use")).count();
        assert_eq!(said, 1, "{role} says it in one line: {log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_a_blocked_and_a_frozen_broker_are_503_with_the_id_and_when_to_come_back() {
    let rabbit = RabbitMq::start(RabbitMqOptions::default()).await.unwrap();
    let folder = Folder::new().unwrap();
    let ingest = free_port().unwrap();
    let mut settings = producer(ingest);
    settings["producer"]["publish"] = json!({ "timeout": "1s" });
    let producing = start(&folder, "producer", &[("HOOPOE_AMQP_URL", rabbit.url())], settings);
    producing.ready().await;
    let arguments = json!({ "x-queue-type": "quorum", "x-max-length": 3, "x-overflow": "reject-publish" });
    let queue = json!({ "durable": true, "arguments": arguments });
    rabbit.management(Method::PUT, "/api/queues/%2F/full", Some(&queue)).await.unwrap();
    let bind = "/api/bindings/%2F/e/roles.events/q/full";
    rabbit.management(Method::POST, bind, Some(&json!({ "routing_key": "#" }))).await.unwrap();

    // A quorum queue accepts a few messages over its limit before it refuses.
    let refused = async |id: &str, code: &str| {
        let mut last = Value::Null;
        for _ in 0..200 {
            let body = json!({ "id": id, "owner": "ada", "kind": "k" });
            let url = format!("http://127.0.0.1:{ingest}/v1/notifications");
            let answer = client().post(url).json(&body).send().await.unwrap();
            let (status, retry) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
            last = answer.json().await.unwrap();
            if status == 503 {
                assert!(retry, "{last}");
                assert_eq!(last["id"], id, "{last}");
                if last["code"] == code {
                    return;
                }
            } else {
                assert_eq!(status, 202, "{last}");
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("never answered {code}: {last}");
    };
    refused("01900000-0000-4000-8000-000000000001", "queue_full").await;
    rabbit.block_publishers().await.unwrap();
    refused("01900000-0000-4000-8000-000000000002", "broker_blocked").await;
    rabbit.unblock_publishers().await.unwrap();
    rabbit.management(Method::DELETE, "/api/queues/%2F/full/contents", None).await.unwrap();
    rabbit.pause().unwrap();
    refused("01900000-0000-4000-8000-000000000003", "confirm_timeout").await;
    rabbit.resume().unwrap();
    producing.ends_well().await;
}
