//! All three roles with TLS and client certificates to all three servers. The tests of each area cover wrong
//! authorities and names.

use hoopoe_e2e::{
    Ca, Folder, Postgres, PostgresAuth, PostgresOptions, RabbitMq, RabbitMqOptions, Redis, RedisOptions, TlsOptions,
    free_port,
};
use serde_json::{Value, json};

use crate::roles::kit::{api, consumer, goes_through, migrate, producer, start};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notification_goes_through_with_tls_everywhere() {
    let ca = Ca::new().unwrap();
    let tls = || Some(TlsOptions::with_client_certs(&ca));
    let (rabbit, postgres, redis) = tokio::try_join!(
        RabbitMq::start(RabbitMqOptions { tls: tls(), ..RabbitMqOptions::default() }),
        Postgres::start(PostgresOptions { tls: tls(), auth: PostgresAuth::Certificate, ..PostgresOptions::default() }),
        Redis::start(RedisOptions { tls: tls(), ..RedisOptions::default() }),
    )
    .unwrap();
    let (folder, pair) = (Folder::new().unwrap(), ca.client_cert("hoopoe").unwrap());
    // Without the query of the URL: the files come from the configuration alone.
    let url = postgres.url();
    let url = format!("{}?sslmode=verify-full", url.split('?').next().unwrap());
    let env = [
        ("HOOPOE_AMQP_URL", rabbit.tls_url().unwrap()),
        ("HOOPOE_POSTGRES_URL", url),
        ("HOOPOE_REDIS_URL", redis.tls_url().unwrap()),
    ];
    let files = json!({ "caFile": ca.certificate(), "certFile": pair.certificate, "keyFile": pair.key });
    let secured = |mut config: Value| {
        for server in ["brokerTls", "postgresTls", "redisTls"] {
            config[server] = files.clone();
        }
        config
    };
    let path = |name: &str| files[name].as_str().unwrap();
    let args = ["up", "--ca-file", path("caFile"), "--cert-file", path("certFile"), "--key-file", path("keyFile")];
    migrate(&env, &args).await;
    let (ingest, port) = (free_port().unwrap(), free_port().unwrap());
    let workers = [
        start(&folder, "producer", &env, secured(producer(ingest))),
        start(&folder, "consumer", &env, secured(consumer())),
        start(&folder, "api", &env, secured(api(port))),
    ];
    for worker in &workers {
        worker.ready().await;
    }
    goes_through(ingest, port, &json!({ "owner": "ada", "kind": "k", "title": "over TLS" })).await;
    let report: Value = serde_json::from_str(&workers[2].get("/readyz").await.1).unwrap();
    assert!(report["parts"].as_array().unwrap().iter().all(|part| part["up"] == true), "{report}");
    for worker in &workers {
        worker.ends_well().await;
    }
}
