//! probe
use hoopoe_e2e::{Method, RabbitMq, RabbitMqOptions, RabbitMqVersion};
#[tokio::test]
async fn probe() {
    for version in [RabbitMqVersion::Debian, RabbitMqVersion::Four] {
        let rabbit = RabbitMq::start(RabbitMqOptions { version, ..Default::default() }).await.unwrap();
        let put = |path: &'static str, body: serde_json::Value| {
            let r = &rabbit;
            async move { r.management(Method::PUT, path, Some(&body)).await.unwrap() }
        };
        put("/api/queues/%2F/q1", serde_json::json!({"durable": true, "arguments": {"x-queue-type": "quorum"}})).await;
        put("/api/policies/%2F/p1", serde_json::json!({"pattern": "^q1$", "apply-to": "queues", "priority": 5, "definition": {"max-length": 5}})).await;
        for path in [
            "/api/queues/%2F?disable_stats=true&enable_queue_totals=true",
            "/api/queues/%2F?columns=name,policy,arguments,type,messages_ready,messages_unacknowledged,message_stats.publish_details.rate,message_stats.ack_details.rate,consumers",
            "/api/global-parameters",
            "/api/exchanges/%2F?disable_stats=true&columns=name,type,durable",
            "/api/bindings/%2F",
            "/api/policies/%2F",
            "/api/whoami",
        ] {
            println!("== {path}\n{}", rabbit.management(Method::GET, path, None).await.unwrap());
        }
    }
}
