//! Policies and bindings as RabbitMQ sees them.

use hoopoe::broker::{AmqpTopology, QueueTopology};
use hoopoe_crds::worker_config::{ExchangeType, TlsConfig};
use serde_json::{Value, json};

use crate::broker::kit::{Kit, consumer};

async fn effective(kit: &Kit, queue: &str) -> Value {
    let Kit::Amqp { server, vhost, .. } = kit else { unreachable!("asked of RabbitMQ only") };
    for _ in 0..50 {
        let listed = server.get(&format!("/api/queues/{vhost}/{queue}")).await.unwrap();
        if listed["policy"].is_string() {
            return json!([listed["policy"], listed["effective_policy_definition"], listed["type"], listed["durable"]]);
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    Value::Null
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn policies_are_in_force_and_go_with_their_queue() {
    let kit = Kit::amqp().await;
    kit.declare(ExchangeType::Topic, &[json!({ "exchange": "orders", "routingKey": "#" })]).await;
    let definition = json!({
        "dead-letter-exchange": "", "dead-letter-routing-key": "inbox.dlq", "dead-letter-strategy": "at-least-once",
        "delivery-limit": 20, "overflow": "reject-publish",
    });
    assert_eq!(effective(&kit, "inbox").await, json!(["hoopoe.dev.inbox", definition, "quorum", true]));
    let definition = json!({ "max-length": 100_000, "overflow": "reject-publish" });
    assert_eq!(effective(&kit, "inbox.dlq").await, json!(["hoopoe.dev.inbox.dlq", definition, "quorum", true]));
    assert!(kit.topology().remove_queue("inbox").await.unwrap());
    let Kit::Amqp { server, vhost, .. } = &kit else { unreachable!("made above") };
    assert_eq!(server.get(&format!("/api/policies/{vhost}")).await.unwrap(), json!([]));
    kit.finish().await;
}

/// Another process made these bindings, so they are found through the management API.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_another_process_bound_is_unbound() {
    let kit = Kit::amqp().await;
    kit.exchange("h", ExchangeType::Headers).await;
    let binding =
        json!({ "exchange": "h", "routingKey": "k", "arguments": { "x-match": "any", "n": 1, "kind": "order" } });
    kit.topology().declare_queue(&consumer("inbox", &[binding])).await.unwrap();
    let publisher = kit.publisher("h");
    crate::broker::kit::publish_in_time(&*publisher, crate::broker::kit::with_headers(&[("kind", "order")])).await;
    assert!(!kit.topology().remove_queue("inbox").await.unwrap());
    let Kit::Amqp { server, vhost, .. } = &kit else { unreachable!("made above") };
    let listed = server.get(&format!("/api/queues/{vhost}/inbox/bindings")).await.unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1, "only the default exchange's binding is left: {listed}");
    kit.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_management_api_the_rest_is_declared() {
    let kit = Kit::amqp().await;
    kit.exchange("orders", ExchangeType::Topic).await;
    let Kit::Amqp { url, .. } = &kit else { unreachable!("made above") };
    let closed = format!("http://hoopoe:secret@127.0.0.1:{}", hoopoe_e2e::free_port().unwrap());
    for management in [None, Some(closed.as_str())] {
        let topology = AmqpTopology::new(url, &TlsConfig::default(), management, "dev");
        topology.declare_queue(&consumer("inbox", &[json!({ "exchange": "orders" })])).await.unwrap();
        assert!(topology.remove_queue("inbox").await.unwrap());
    }
    kit.finish().await;
}
