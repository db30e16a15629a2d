//! Real servers that refuse, are away, or contradict the configuration.

use hoopoe_e2e::{Folder, Postgres, PostgresOptions, RabbitMq, RabbitMqOptions, Redis, RedisOptions, free_port};
use serde_json::json;

use crate::roles::kit::{api, consumer, goes_through, migrate, producer, refused, start};

const WRONG: &str = "wr0ngPassw0rd";
const PAYLOAD: &str = "recognisable-payload-7391";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_payloads_and_servers_that_come_later() {
    let redis = RedisOptions { password: Some("redisSecret".to_owned()), ..RedisOptions::default() };
    let (rabbit, postgres, redis) = tokio::try_join!(
        RabbitMq::start(RabbitMqOptions { password: "rabbitSecret".to_owned(), ..RabbitMqOptions::default() }),
        Postgres::start(PostgresOptions { password: "postgresSecret".to_owned(), ..PostgresOptions::default() }),
        Redis::start(redis),
    )
    .unwrap();
    let folder = Folder::new().unwrap();
    let right =
        [("HOOPOE_AMQP_URL", rabbit.url()), ("HOOPOE_POSTGRES_URL", postgres.url()), ("HOOPOE_REDIS_URL", redis.url())];
    let with = |index: usize, secret: &str| {
        let mut env = right.clone();
        env[index].1 = env[index].1.replace(secret, WRONG);
        assert!(env[index].1.contains(WRONG));
        env
    };
    // Eight replicas migrate at the same time.
    let up: Vec<_> = (0..8).map(|_| migrate(&right, &["up"])).collect();
    futures::future::join_all(up).await;
    assert!(migrate(&right, &["status"]).await.contains("applied"));

    // With a wrong password of RabbitMQ or Postgres, the worker is not ready, and keeps trying.
    let no_broker = start(&folder, "producer", &with(0, "rabbitSecret"), producer(free_port().unwrap()));
    let no_store = start(&folder, "api", &with(1, "postgresSecret"), api(free_port().unwrap()));
    no_store.says("password authentication failed").await;
    no_broker.says("ACCESS").await;
    for worker in [&no_broker, &no_store] {
        assert_eq!(worker.get("/readyz").await.0, 503);
        assert_eq!(worker.get("/healthz").await.0, 200);
        assert!(worker.child.exit_status().unwrap().is_none());
    }
    // Redis is never required: the worker is ready, and its report says that Redis is down.
    let port = free_port().unwrap();
    let no_cache = start(&folder, "api", &with(2, "redisSecret"), api(port));
    no_cache.ready().await;
    no_cache.says("the cache cannot be reached: reads go to the database").await;
    let log = no_cache.child.log();
    let said: Vec<&str> = log.lines().filter(|line| line.contains("the cache cannot be reached")).collect();
    assert!(said.len() == 1 && said[0].contains("authentication failed"), "said once, with the reason: {log}");
    let report: serde_json::Value = serde_json::from_str(&no_cache.get("/readyz").await.1).unwrap();
    let part = report["parts"].as_array().unwrap().iter().find(|part| part["name"] == "redis").unwrap().clone();
    assert_eq!((&part["up"], &part["needed"]), (&json!(false), &json!(false)));

    // A worker waits for a server that is away at its start.
    postgres.stop().await.unwrap();
    let ingest = free_port().unwrap();
    let producing = start(&folder, "producer", &right, producer(ingest));
    let consuming = start(&folder, "consumer", &right, consumer());
    producing.ready().await;
    consuming.says("waiting for the database").await;
    assert_eq!(consuming.get("/readyz").await.0, 503);
    postgres.restart().await.unwrap();
    consuming.ready().await;
    let body = json!({ "owner": "ada", "kind": "k", "title": PAYLOAD, "body": PAYLOAD, "data": { "p": PAYLOAD } });
    goes_through(ingest, port, &body).await;

    // The queue exists with other arguments.
    let mut other = consumer();
    other["consumer"]["queue"]["type"] = json!("Classic");
    let log = refused(&folder, "consumer", &right, other).await;
    assert!(log.contains("roles.inbox"), "{log}");

    for worker in [&producing, &consuming, &no_cache, &no_broker, &no_store] {
        let said = worker.child.log() + &worker.get("/metrics").await.1;
        for secret in [WRONG, PAYLOAD, "rabbitSecret", "postgresSecret", "redisSecret"] {
            assert!(!said.contains(secret), "{secret} was said: {said}");
        }
        worker.ends_well().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_knows_its_commands() {
    let folder = Folder::new().unwrap();
    let file = folder.path().join("inbox.db");
    let sqlite = ["--sqlite", file.to_str().unwrap()];
    let run = async |command: &str| migrate(&[], &[command, sqlite[0], sqlite[1]]).await;
    assert!(run("up").await.contains("applied"));
    assert!(run("up").await.contains("nothing to apply"));
    assert!(run("status").await.contains("applied"));
    assert!(run("new-epoch").await.contains("the new epoch is"));
    assert!(run("down").await.contains("reverted"));
    assert!(run("fresh").await.contains("applied"));
}
