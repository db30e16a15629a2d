//! A pipeline from the chart `hoopoe`, from POST to poll, with exactly the rights that its README prints. The servers
//! are real, the operator has the account of its chart, and the workers run with the documents that the operator wrote.

use std::path::Path;

use hoopoe_e2e::{
    Child, ChildOptions, Folder, Method, Postgres, PostgresOptions, RabbitMq, RabbitMqOptions, RabbitMqVersion, Redis,
    RedisOptions, free_port, hoopoe_binary, wait_http,
};
use serde_json::{Value, json};

use super::{
    grants::{self, PASSWORD},
    kit::{Kit, repository},
};
use crate::testkit::wait::{PATIENCE, eventually};

const DATABASE: &str = "inbox";

/// The servers, and what each user may do on them.
struct Servers {
    rabbit: RabbitMq,
    postgres: Postgres,
    redis: Redis,
}

impl Servers {
    async fn start() -> Self {
        let four = RabbitMqOptions { version: RabbitMqVersion::Four, ..RabbitMqOptions::default() };
        let readme = std::fs::read_to_string(repository("charts/hoopoe/README.md")).unwrap();
        let rule = readme.lines().find_map(|line| line.split('`').find(|text| text.starts_with("+@read"))).unwrap();
        let (rabbit, postgres, redis) = tokio::join!(
            RabbitMq::start(four),
            Postgres::start(PostgresOptions::default()),
            Redis::start(RedisOptions::default())
        );
        let servers = Self { rabbit: rabbit.unwrap(), postgres: postgres.unwrap(), redis: redis.unwrap() };
        servers.postgres.create_database(DATABASE).await.unwrap();
        let password = format!(">{PASSWORD}");
        let user: Vec<&str> =
            ["ACL", "SETUSER", "hoopoe", "on", &password].into_iter().chain(rule.split(' ')).collect();
        assert_eq!(servers.redis.cli(&user).await.unwrap().trim(), "OK");
        grants::rabbitmq(&servers.rabbit).await;
        grants::postgres(&servers.postgres, DATABASE).await;
        servers
    }

    fn amqp(&self) -> String {
        format!("amqp://hoopoe-workers:{PASSWORD}@127.0.0.1:{}/%2f", self.rabbit.port())
    }

    fn management(&self) -> String {
        format!("http://hoopoe-operator:{PASSWORD}@127.0.0.1:{}", self.rabbit.management_port())
    }

    fn database(&self, user: &str) -> String {
        format!("postgres://{user}:{PASSWORD}@127.0.0.1:{}/{DATABASE}", self.postgres.port())
    }

    fn cache(&self) -> String {
        format!("redis://hoopoe:{PASSWORD}@127.0.0.1:{}/0", self.redis.port())
    }

    /// The Secrets that the values name.
    async fn secrets(&self, kit: &Kit) {
        for (name, key, value) in [
            ("rabbitmq", "uri", self.amqp()),
            ("rabbitmq-operator", "managementUri", self.management()),
            ("postgres", "uri", self.database("hoopoe_workers")),
            ("postgres-migrations", "uri", self.database("hoopoe_migrations")),
            ("redis", "uri", self.cache()),
        ] {
            kit.kubectl(&["-n", "shop", "create", "secret", "generic", name, &format!("--from-literal={key}={value}")])
                .await;
        }
    }

    /// A worker with the configuration that the operator wrote for it, and with its Secrets as environment.
    async fn worker(&self, kit: &Kit, hoopoe: &Path, folder: &Folder, child: &str, role: &str) -> Child {
        let list = kit.kubectl(&["-n", "shop", "get", "configmap", "-o", "json"]).await;
        let list: Value = serde_json::from_str(&list).unwrap();
        let named = |item: &&Value| item["metadata"]["name"].as_str().is_some_and(|name| name.starts_with(child));
        let config = list["items"].as_array().unwrap().iter().find(named).unwrap();
        let admin = free_port().unwrap();
        let text = format!("{}admin: {{port: {admin}}}\n", config["data"]["worker.yaml"].as_str().unwrap());
        let file = folder.path().join(format!("{role}.yaml"));
        std::fs::write(&file, text).unwrap();
        let mut options =
            ChildOptions::new(hoopoe).name(role).without_env("HOOPOE").arg(role).arg("--config").arg(file);
        let secrets = [
            ("HOOPOE_AMQP_URL", self.amqp(), role != "api"),
            ("HOOPOE_POSTGRES_URL", self.database("hoopoe_workers"), role != "producer"),
            ("HOOPOE_REDIS_URL", self.cache(), role != "producer"),
        ];
        for (name, value, _) in secrets.into_iter().filter(|(_, _, wanted)| *wanted) {
            options = options.env(name, value);
        }
        let worker = Child::start(&options).unwrap();
        wait_http(&worker, &format!("http://127.0.0.1:{admin}/readyz"), PATIENCE).await.unwrap();
        worker
    }

    async fn depth(&self, queue: &str) -> Option<u64> {
        self.rabbit
            .get(&format!("/api/queues/%2F/{queue}"))
            .await
            .ok()
            .and_then(|queue| json!(queue)["messages"].as_u64())
    }

    /// What a user must not be able to do.
    async fn refuses(&self, user: &str, statement: &str) {
        let refused = self.postgres.psql(DATABASE, &format!("SET ROLE {user}; {statement}")).await;
        let refused = refused.expect_err(statement).to_string();
        assert!(refused.contains("permission denied") || refused.contains("must be owner"), "{statement}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipeline_runs_with_exactly_the_rights_that_are_printed() {
    let (kit, servers) = tokio::join!(Kit::start(), Servers::start());
    let (hoopoe, folder) = (hoopoe_binary().await.unwrap(), Folder::new().unwrap());
    kit.namespace("shop").await;
    servers.secrets(&kit).await;
    kit.install_operator(&[]).await;
    let operator = kit.run_operator(&[]).await;

    let (ingest, inbox) = (free_port().unwrap(), free_port().unwrap());
    let values = json!({
        "broker": { "existingSecret": "rabbitmq", "managementExistingSecret": "rabbitmq-operator" },
        "postgres": { "existingSecret": "postgres", "migrationExistingSecret": "postgres-migrations" },
        "redis": { "existingSecret": "redis" },
        "producers": { "events": { "spec": {
            "exchange": { "name": "shop.events" }, "ingress": { "http": { "port": ingest } } } } },
        "consumers": { "inbox": { "spec": {
            "queue": { "name": "shop.inbox" },
            "bindings": [{ "exchange": "shop.events", "routingKey": "#" }],
            "api": { "port": inbox },
        } } },
    });
    let file = folder.path().join("values.json");
    std::fs::write(&file, values.to_string()).unwrap();
    kit.helm(&["install", "shop", "charts/hoopoe", "--namespace", "shop", "--values", file.to_str().unwrap()]).await;
    for resource in ["nprod/events", "ncons/inbox"] {
        let wait = ["-n", "shop", "wait", "--for=condition=TopologyReady", resource, "--timeout=60s"];
        let waited = kit.plane.kubectl(&wait).await;
        assert!(
            waited.is_ok(),
            "{waited:?}\n{}\n{}",
            kit.kubectl(&["-n", "shop", "get", "hoopoe", "-o", "yaml"]).await,
            operator.log()
        );
    }
    // The Services that the routes and the test of the chart point at.
    let services = kit
        .kubectl(&[
            "-n",
            "shop",
            "get",
            "service",
            "-o",
            "jsonpath={range .items[*]}{.metadata.name}:{.spec.ports[0].port} {end}",
        ])
        .await;
    assert_eq!(services.trim(), format!("events-producer:{ingest} inbox-api:{inbox}"));

    let mut migrate = tokio::process::Command::new(&hoopoe);
    migrate.args(["migrate", "up"]).env("HOOPOE_POSTGRES_URL", servers.database("hoopoe_migrations"));
    let migrated = migrate.output().await.unwrap();
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    grants::postgres_tighter(&servers.postgres, DATABASE).await;
    let producer = servers.worker(&kit, &hoopoe, &folder, "events-producer-", "producer").await;
    let consumer = servers.worker(&kit, &hoopoe, &folder, "inbox-consumer-", "consumer").await;
    let api = servers.worker(&kit, &hoopoe, &folder, "inbox-api-", "api").await;

    let mut ledger = tokio::process::Command::new(&hoopoe);
    let (ingest, inbox) = (format!("http://127.0.0.1:{ingest}"), format!("http://127.0.0.1:{inbox}"));
    ledger.args([
        "ledger",
        "--producer",
        &ingest,
        "--api",
        &inbox,
        "--amqp",
        &servers.amqp(),
        "--exchange",
        "shop.events",
    ]);
    let ledger = ledger.args(["--rate", "50", "--for", "2s", "--owners", "3", "--json"]).output().await.unwrap();
    let figures = String::from_utf8_lossy(&ledger.stdout).into_owned() + &String::from_utf8_lossy(&ledger.stderr);
    assert!(ledger.status.success(), "{figures}\n{}\n{}\n{}", producer.log(), consumer.log(), api.log());
    let mut mark = tokio::process::Command::new(&hoopoe);
    let mark = mark.args(["mark", "ledger-nobody", "--all", "--as", "read", "--api", &inbox]).output().await.unwrap();
    assert!(mark.status.success(), "{}", String::from_utf8_lossy(&mark.stderr));
    let poison = json!({ "properties": {}, "routing_key": "x", "payload": "no JSON", "payload_encoding": "string" });
    servers.rabbit.management(Method::POST, "/api/exchanges/%2F/shop.events/publish", Some(&poison)).await.unwrap();
    eventually("the dead letter", async || servers.depth("shop.inbox.dlq").await == Some(1)).await;

    // No request was refused.
    assert!(!servers.redis.cli(&["KEYS", "hoopoe:*"]).await.unwrap().trim().is_empty(), "the cache is used");
    assert_eq!(servers.redis.cli(&["ACL", "LOG"]).await.unwrap().trim(), "");
    let log = servers.postgres.log().unwrap();
    assert!(!log.contains("permission denied"), "{log}");
    let log = servers.rabbit.log().unwrap();
    assert!(!log.contains("refused"), "{log}");

    // The users have no more rights than that.
    servers.refuses("hoopoe_workers", "CREATE TABLE other (id int)").await;
    servers.refuses("hoopoe_workers", "DROP TABLE notification").await;
    servers.refuses("hoopoe_workers", "TRUNCATE notification").await;
    servers.refuses("hoopoe_workers", "DELETE FROM store").await;
    servers.refuses("hoopoe_workers", "INSERT INTO seaql_migrations VALUES ('x', 1)").await;
    for (user, what) in [("hoopoe-operator", "queues/%2F/other.queue"), ("hoopoe-workers", "queues/%2F/shop.inbox")] {
        let url = format!("http://127.0.0.1:{}/api/{what}", servers.rabbit.management_port());
        let body = json!({ "durable": true, "arguments": { "x-queue-type": "quorum" } });
        let put = reqwest::Client::new().put(url).basic_auth(user, Some(PASSWORD)).json(&body);
        assert!(matches!(put.send().await.unwrap().status().as_u16(), 401 | 403), "{user} {what}");
    }

    kit.helm(&["uninstall", "shop", "--namespace", "shop"]).await;
    eventually("the resources are gone", async || {
        kit.kubectl(&["-n", "shop", "get", "hoopoe", "-o", "name"]).await.is_empty()
    })
    .await;
    assert_eq!(servers.depth("shop.inbox").await, None, "it was empty, and is gone");
    assert_eq!(servers.depth("shop.inbox.dlq").await, Some(1), "it was not, and is kept");
    for worker in [producer, consumer, api, operator] {
        worker.kill9().await.unwrap();
    }
}
