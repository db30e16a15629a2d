//! The same manifests on RabbitMQ, Postgres and Redis.

use hoopoe_e2e::{Postgres, PostgresOptions, RabbitMq, RabbitMqOptions, Redis, RedisOptions, free_port};

use crate::dev::kit::{Dev, consumer, inbox_of, producer, send_until_taken, yaml};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn urls_in_the_environment_put_the_real_parts_in() {
    let (rabbit, postgres, redis) = tokio::try_join!(
        RabbitMq::start(RabbitMqOptions::default()),
        Postgres::start(PostgresOptions::default()),
        Redis::start(RedisOptions::default()),
    )
    .unwrap();
    let port = free_port().unwrap();
    let dev = Dev::new(&yaml(&[producer("orders", "shop", port), consumer("inbox", "shop", port)]))
        .env("HOOPOE_AMQP_URL", rabbit.url())
        .env("HOOPOE_AMQP_MANAGEMENT_URL", rabbit.management_url())
        .env("HOOPOE_POSTGRES_URL", postgres.url())
        .env("HOOPOE_REDIS_URL", redis.url())
        .started()
        .await;
    send_until_taken(port, "ada", "n1").await;
    assert_eq!(inbox_of(port, "ada", 1).await, ["n1"]);
    let queues = rabbit.ctl(&["list_queues", "--quiet", "--no-table-headers", "name", "policy"]).await.unwrap();
    let policy = |queue: &str| queues.lines().find_map(|line| line.strip_prefix(queue)?.strip_prefix('\t'));
    assert!(policy("inbox.inbox").is_some_and(|policy| !policy.trim().is_empty()), "{queues}");
    assert!(policy("inbox.inbox.dlq").is_some(), "{queues}");
    assert_ne!(redis.cli(&["dbsize"]).await.unwrap().trim(), "0");
    let embedded = dev.folder.path().join("data");
    assert!(!embedded.join("inbox.db").exists() && !embedded.join("queue.db").exists());
    assert!(dev.child().term_and_wait(crate::dev::kit::LIMIT).await.unwrap().success());
}
