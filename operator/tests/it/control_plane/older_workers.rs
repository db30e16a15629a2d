//! Worker images and schemas that are older or newer than the operator: with the commands and the config that it
//! renders, and the real binary.

use std::time::Duration;

use hoopoe_e2e::{Child, ChildOptions, Folder, Postgres, PostgresOptions, free_port, hoopoe_binary, wait_http};
use serde_json::{Value, json};

use crate::control_plane::kit::Kit;

const LIMIT: Duration = Duration::from_secs(60);

/// The command of a container, with the binary and the config of this machine instead of the image's.
fn command(container: &Value, binary: &str, config: &str) -> Vec<String> {
    let words = container["command"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
    words
        .map(|word| match word {
            "hoopoe" => binary.to_owned(),
            "/etc/hoopoe/worker.yaml" => config.to_owned(),
            other => other.to_owned(),
        })
        .collect()
}

/// The variables that the container gets from these Secrets.
fn variables(container: &Value, secrets: &[(&str, String)]) -> Vec<(String, String)> {
    let of = |variable: &Value| {
        let secret = variable["valueFrom"]["secretKeyRef"]["name"].as_str().unwrap();
        let value = &secrets.iter().find(|(name, _)| *name == secret).unwrap().1;
        (variable["name"].as_str().unwrap().to_owned(), value.clone())
    };
    container["env"].as_array().unwrap().iter().map(of).collect()
}

fn start(name: &str, command: &[String], env: &[(String, String)]) -> Child {
    let mut options = ChildOptions::new(&command[0]).name(name).without_env("HOOPOE_").args(&command[1..]);
    for (variable, value) in env {
        options = options.env(variable, value);
    }
    Child::start(&options).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_worker_starts_under_a_newer_operator_and_a_newer_schema() {
    let kit = Kit::shared().await;
    let shop = kit.namespace("ages").await;
    let (postgres, binary) = tokio::join!(Postgres::start(PostgresOptions::default()), hoopoe_binary());
    let (postgres, binary) = (postgres.unwrap(), binary.unwrap());
    let database = postgres.create_database("ages").await.unwrap();
    shop.secret("pg", &database, &[]).await;
    let spec = "queue: {name: ages}, bindings: [{exchange: amq.topic}], image: \"example.invalid/hoopoe:old\", \
                consume: {prefetch: 77}";
    shop.apply(
        "NotifConsumer",
        "inbox",
        &format!("broker: {{secretRef: {{name: rabbit}}}}, postgres: {{secretRef: {{name: pg}}}}, {spec}"),
    )
    .await;
    shop.ready("ncons/inbox").await;

    let pod = shop.get("deploy/inbox-consumer").await["spec"]["template"]["spec"].clone();
    let (init, worker) = (&pod["initContainers"][0], &pod["containers"][0]);
    for container in [init, worker] {
        assert_eq!(container["image"], "example.invalid/hoopoe:old", "the init container uses the pinned image too");
    }
    // As a newer operator would write it: with a key that this worker does not know. The admin port is a free one.
    let listed = shop.list("cm").await;
    let text = listed
        .iter()
        .find(|config| config["metadata"]["name"].as_str().unwrap().starts_with("inbox-consumer-"))
        .unwrap();
    let mut config: Value = serde_yaml::from_str(text["data"]["worker.yaml"].as_str().unwrap()).unwrap();
    assert_eq!(config["consumer"]["consume"]["prefetch"], 77);
    config["consumer"]["fromTheFuture"] = json!({ "deep": 1 });
    let admin = free_port().unwrap();
    config["admin"] = json!({ "port": admin });
    let folder = Folder::new().unwrap();
    let file = folder.path().join("worker.yaml");
    std::fs::write(&file, serde_yaml::to_string(&config).unwrap()).unwrap();

    let secrets = [("pg", database), ("rabbit", kit.rabbit.url())];
    let (binary, file) = (binary.to_str().unwrap(), file.to_str().unwrap());
    let migrate = async |name: &str| {
        let child = start(name, &command(init, binary, file), &variables(init, &secrets));
        (child.wait(LIMIT).await.unwrap().success(), child.log())
    };
    let (done, log) = migrate("first").await;
    assert!(done && log.contains("applied"), "{log}");

    // A newer release has migrated the schema since, and allows this one to read it.
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0099_future', 1); UPDATE store SET \
                 schema_version = 99, min_reader = 1";
    postgres.psql("ages", newer).await.unwrap();
    let (done, log) = migrate("newer").await;
    assert!(done && log.contains("nothing to apply"), "{log}");
    let child = start("worker", &command(worker, binary, file), &variables(worker, &secrets));
    wait_http(&child, &format!("http://127.0.0.1:{admin}/readyz"), LIMIT).await.unwrap();
    assert!(child.log().contains("consumer.fromTheFuture"), "{}", child.log());
    let metrics = reqwest::get(format!("http://127.0.0.1:{admin}/metrics")).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("hoopoe_config_unknown_keys 1"), "{metrics}");
    assert!(child.term_and_wait(LIMIT).await.unwrap().success(), "{}", child.log());

    // And a release that removes something: this worker may no longer read the schema. The init container reports that
    // before a worker starts.
    postgres.psql("ages", "UPDATE store SET min_reader = 99").await.unwrap();
    let (done, log) = migrate("too new").await;
    assert!(!done && log.contains("99"), "{log}");
}
