//! The real servers that all measures share.

use std::sync::Arc;

use hoopoe::{
    broker::{AmqpTopology, BrokerMetrics, QueueTopology, Topology},
    store::migrate,
};
use hoopoe_crds::worker_config::{ConsumerConfig, ExchangeConfig, ExchangeType, TlsConfig};
use hoopoe_e2e::{Postgres, PostgresOptions, RabbitMq, RabbitMqOptions, RabbitMqVersion, Redis, RedisOptions};
use prometheus_client::registry::Registry;
use serde_json::json;

pub struct Servers {
    pub rabbit: Arc<RabbitMq>,
    pub postgres: Postgres,
    pub redis: Redis,
    pub versions: String,
}

impl Servers {
    /// Starts them. Postgres keeps its commits (fsync on). `RabbitMQ` is 4.0 if it is available, else the machine's
    /// own.
    pub async fn start() -> Self {
        let (four, postgres, redis) = tokio::join!(
            RabbitMq::start(RabbitMqOptions { version: RabbitMqVersion::Four, ..RabbitMqOptions::default() }),
            Postgres::start(PostgresOptions::default()),
            Redis::start(RedisOptions::default()),
        );
        let (rabbit, name) = match four {
            Ok(rabbit) => (rabbit, "RabbitMQ 4.0"),
            Err(error) => {
                eprintln!("no RabbitMQ 4.0 ({error}); the machine's own instead");
                (RabbitMq::start(RabbitMqOptions::default()).await.unwrap(), "RabbitMQ of this machine")
            }
        };
        let postgres = postgres.unwrap();
        let version = postgres.psql("postgres", "SHOW server_version").await.unwrap();
        let version = version.split_whitespace().next().unwrap_or_default();
        let versions = format!("{name}, PostgreSQL {version} with fsync, Redis");
        Self { rabbit: Arc::new(rabbit), postgres, redis: redis.unwrap(), versions }
    }

    /// Declares an exchange and a quorum queue of this name, bound for every key.
    pub async fn declare(&self, name: &str) -> ConsumerConfig {
        let topology = AmqpTopology::new(&self.rabbit.url(), &TlsConfig::default(), None, "bench");
        let exchange = ExchangeConfig { name: name.to_owned(), kind: ExchangeType::Topic };
        topology.declare_exchange(&exchange).await.unwrap();
        let config = json!({ "queue": { "name": name }, "bindings": [{ "exchange": name, "routingKey": "#" }] });
        let config: ConsumerConfig = serde_json::from_value(config).unwrap();
        topology.declare_queue(&config).await.unwrap();
        config
    }

    /// Makes and migrates a database, and returns its URL.
    pub async fn database(&self, name: &str) -> String {
        let url = self.postgres.create_database(name).await.unwrap();
        migrate::up(migrate::Target::Postgres { url: &url, tls: &TlsConfig::default() }).await.unwrap();
        url
    }
}

pub fn broker_metrics() -> BrokerMetrics {
    BrokerMetrics::register(&mut Registry::default())
}
