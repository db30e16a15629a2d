//! RabbitMQ, Postgres and Redis, one producer, two consumers on one queue, and two inbox APIs.
#![allow(clippy::default_trait_access, reason = "the fields name the types")]

use hoopoe_crds::{
    Span,
    worker_config::{
        ApiConfig, BindingConfig, ConsumeConfig, ConsumerConfig, ExchangeConfig, ExchangeType, ProducerConfig,
        QueueConfig, ResourceRef, VERSION, WorkerConfig,
    },
};
use hoopoe_e2e::{
    Child, ChildOptions, Folder, Postgres, PostgresOptions, Proxy, RabbitMq, RabbitMqOptions, Redis, RedisOptions,
    free_port,
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

use super::worker::Worker;

pub const EXCHANGE: &str = "pipeline.events";
pub const QUEUE: &str = "pipeline.inbox";
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

pub struct Stack {
    pub rabbit: RabbitMq,
    pub postgres: Postgres,
    pub redis: Redis,
    /// The proxy through which the first consumer reaches Redis. All other workers connect directly.
    pub first_consumers_redis: Proxy,
    pub producer: Worker,
    pub producer_url: String,
    pub consumers: Vec<Worker>,
    pub apis: Vec<Worker>,
    pub api_urls: Vec<String>,
    _folder: Folder,
}

impl Stack {
    pub async fn start() -> Self {
        let (rabbit, postgres, redis) = tokio::try_join!(
            RabbitMq::start(RabbitMqOptions::default()),
            Postgres::start(PostgresOptions::default()),
            Redis::start(RedisOptions::default()),
        )
        .unwrap();
        let folder = Folder::new().unwrap();
        let first_consumers_redis = Proxy::start(redis.port()).await.unwrap();
        let env = |redis_url: String| {
            vec![
                ("HOOPOE_AMQP_URL", rabbit.url()),
                ("HOOPOE_AMQP_MANAGEMENT_URL", rabbit.management_url()),
                ("HOOPOE_POSTGRES_URL", postgres.url()),
                ("HOOPOE_REDIS_URL", redis_url),
            ]
        };
        migrate(&folder, &postgres.url()).await;
        let straight = env(redis.url());
        let (port, api_ports) = (free_port().unwrap(), [free_port().unwrap(), free_port().unwrap()]);
        let producer = Worker::start(&folder, "producer", 0, &straight, producer_config(port));
        let consumers = vec![
            Worker::start(
                &folder,
                "consumer",
                0,
                &env(first_consumers_redis.url(&redis.url(), redis.port())),
                consumer_config(),
            ),
            Worker::start(&folder, "consumer", 1, &straight, consumer_config()),
        ];
        let apis: Vec<_> = api_ports
            .iter()
            .enumerate()
            .map(|(index, port)| Worker::start(&folder, "api", index, &straight, api_config(*port)))
            .collect();
        let stack = Self {
            producer,
            producer_url: format!("http://127.0.0.1:{port}"),
            consumers,
            apis,
            api_urls: api_ports.iter().map(|port| format!("http://127.0.0.1:{port}")).collect(),
            rabbit,
            postgres,
            redis,
            first_consumers_redis,
            _folder: folder,
        };
        for worker in stack.workers() {
            worker.ready().await;
        }
        stack
    }

    pub fn workers(&self) -> impl Iterator<Item = &Worker> {
        std::iter::once(&self.producer).chain(&self.consumers).chain(&self.apis)
    }

    /// The headers of the dead letters: a dead letter is not lost, and its headers say why it is there.
    pub async fn dead_letters(&self, queue: &str) -> String {
        let ask = serde_json::json!({ "count": 20, "ackmode": "ack_requeue_true", "encoding": "auto" });
        let path = format!("/api/queues/%2F/{queue}.dlq/get");
        match self.rabbit.management(hoopoe_e2e::Method::POST, &path, Some(&ask)).await {
            Ok(letters) => letters.to_string(),
            Err(error) => error.to_string(),
        }
    }

    /// Waits until a queue is empty, including messages that are delivered but not acknowledged, and returns its last
    /// depth. A quorum queue reports its depth only with its tick, every 5 s.
    pub async fn emptied(&self, queue: &str) -> String {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let listed = ["list_queues", "--quiet", "--no-table-headers", "name", "messages"];
            let listed = self.rabbit.ctl(&listed).await.unwrap();
            let found = listed.lines().find_map(|line| line.strip_prefix(queue)?.strip_prefix('\t'));
            let depth = found.expect("the queue exists").trim().to_owned();
            if depth == "0" || Instant::now() >= until {
                return depth;
            }
            sleep(Duration::from_millis(500)).await;
        }
    }
}

async fn migrate(folder: &Folder, postgres: &str) {
    let options = ChildOptions::new(env!("CARGO_BIN_EXE_hoopoe"))
        .name("migrate")
        .without_env("HOOPOE_")
        .env("HOOPOE_POSTGRES_URL", postgres)
        .args(["migrate", "up"]);
    let migration = Child::start_in(&options, folder).unwrap();
    let status = migration.wait(Duration::from_secs(30)).await.unwrap();
    assert!(status.success(), "migrate up: {status}\n{}", migration.log());
}

fn config(name: &str) -> WorkerConfig {
    let resource = ResourceRef { namespace: "pipeline".to_owned(), name: name.to_owned() };
    WorkerConfig {
        version: VERSION,
        resource,
        producer: None,
        consumer: None,
        api: None,
        cache: Default::default(),
        store: Default::default(),
        admin: Default::default(),
        broker_tls: Default::default(),
        postgres_tls: Default::default(),
        redis_tls: Default::default(),
        telemetry: Default::default(),
    }
}

fn producer_config(port: u16) -> WorkerConfig {
    let producer = ProducerConfig {
        exchange: ExchangeConfig { name: EXCHANGE.to_owned(), kind: ExchangeType::Topic },
        routing_key: "{kind}".to_owned(),
        headers: Vec::new(),
        port,
        publish: Default::default(),
        limits: Default::default(),
        declare: true,
    };
    WorkerConfig { producer: Some(producer), ..config("events") }
}

fn consumer_config() -> WorkerConfig {
    let consumer = ConsumerConfig {
        queue: QueueConfig {
            name: QUEUE.to_owned(),
            kind: Default::default(),
            max_priority: None,
            policy: Default::default(),
        },
        bindings: vec![BindingConfig {
            exchange: EXCHANGE.to_owned(),
            routing_key: "#".to_owned(),
            arguments: serde_json::Map::new(),
        }],
        consume: ConsumeConfig { drain_timeout: Span(DRAIN_TIMEOUT), ..ConsumeConfig::default() },
        dead_letter_max_length: 1000,
        body_bytes: 65_536,
        declare: true,
    };
    WorkerConfig { consumer: Some(consumer), ..config("inbox") }
}

fn api_config(port: u16) -> WorkerConfig {
    WorkerConfig { api: Some(ApiConfig { port }), ..config("inbox") }
}
