//! How many queries a poll without news costs, by the database's own count.

use std::time::Duration;

use hoopoe_e2e::{Folder, Postgres, PostgresOptions, RabbitMq, RabbitMqOptions, Redis, RedisOptions, free_port};
use serde_json::json;
use tokio::time::Instant;

use crate::roles::kit::{api, consumer, goes_through, migrate, producer, start};
use crate::testkit::client::client;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_304_asks_postgres_nothing() {
    let settings = vec![("log_statement".to_owned(), "all".to_owned())];
    let (rabbit, postgres, redis) = tokio::try_join!(
        RabbitMq::start(RabbitMqOptions::default()),
        Postgres::start(PostgresOptions { settings, ..PostgresOptions::default() }),
        Redis::start(RedisOptions::default()),
    )
    .unwrap();
    let folder = Folder::new().unwrap();
    let env =
        [("HOOPOE_AMQP_URL", rabbit.url()), ("HOOPOE_POSTGRES_URL", postgres.url()), ("HOOPOE_REDIS_URL", redis.url())];
    migrate(&env, &["up"]).await;
    let (ingest, inbox) = (free_port().unwrap(), free_port().unwrap());
    let producing = start(&folder, "producer", &env, producer(ingest));
    let consuming = start(&folder, "consumer", &env, consumer());
    let serving = start(&folder, "api", &env, api(inbox));
    for worker in [&producing, &consuming, &serving] {
        worker.ready().await;
    }
    goes_through(ingest, inbox, &json!({ "owner": "ada", "kind": "k", "title": "news" })).await;
    // Stop the consumer, so that only the API queries the database.
    consuming.ends_well().await;
    let (client, url) = (client(), format!("http://127.0.0.1:{inbox}/v1/owners/ada/feed"));
    let tag = client.get(&url).send().await.unwrap().headers()["etag"].clone();
    let mark = postgres.log().unwrap().len();
    let started = Instant::now();
    let mut polls = 0;
    // Several seconds for several pulses, and many more polls than pulses; a busy machine has fewer of these per
    // second.
    while started.elapsed() < Duration::from_secs(4) || polls <= 300 {
        let answer = client.get(&url).header("if-none-match", &tag).send().await.unwrap();
        assert_eq!((answer.status(), &answer.headers()["etag"]), (reqwest::StatusCode::NOT_MODIFIED, &tag));
        polls += 1;
    }
    let log = postgres.log().unwrap();
    let asked: Vec<&str> = log[mark..].lines().filter(|line| line.contains("execute") && line.contains(": ")).collect();
    let (pulses, others): (Vec<&str>, Vec<&str>) = asked.into_iter().partition(|line| line.contains("AS forked"));
    assert!(others.is_empty(), "{others:#?}");
    let (count, most) = (pulses.len() as u64, started.elapsed().as_secs() + 2);
    assert!((3..=most).contains(&count), "{count} pulses for {polls} polls in {:?}", started.elapsed());
    for worker in [&producing, &serving] {
        worker.ends_well().await;
    }
}
