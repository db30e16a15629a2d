//! `RabbitMQ`, started for real.

use hoopoe_e2e::{RabbitMq, RabbitMqOptions, Result, processes_under};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_quorum_queue_survives_a_kill() -> Result<()> {
    let rabbitmq = RabbitMq::start(RabbitMqOptions::default()).await?;
    let url = rabbitmq.create_vhost("one").await?;
    assert_eq!(url, format!("amqp://hoopoe:secret@127.0.0.1:{}/one", rabbitmq.port()));
    let queue = json!({"durable": true, "arguments": {"x-queue-type": "quorum"}});
    rabbitmq.management(Method::PUT, "/api/queues/one/inbox", Some(&queue)).await?;
    let message = json!({"properties": {"delivery_mode": 2}, "routing_key": "inbox", "payload": "hello", "payload_encoding": "string"});
    let routed = rabbitmq.management(Method::POST, "/api/exchanges/one/amq.default/publish", Some(&message)).await?;
    assert_eq!(routed, json!({"routed": true}));

    let all = processes_under(rabbitmq.pid()?);
    rabbitmq.kill9().await?;
    assert!(all.iter().all(|pid| processes_under(*pid).is_empty()));
    rabbitmq.restart().await?;
    let get = json!({"count": 1, "ackmode": "ack_requeue_false", "encoding": "auto"});
    let got = rabbitmq.management(Method::POST, "/api/queues/one/inbox/get", Some(&get)).await?;
    assert_eq!(got[0]["payload"], "hello");

    let all = processes_under(rabbitmq.pid()?);
    rabbitmq.stop().await?;
    assert!(all.iter().all(|pid| processes_under(*pid).is_empty()), "epmd or another was left");
    Ok(())
}
