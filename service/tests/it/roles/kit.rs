//! One worker of the real binary, with a configuration written as JSON.

use std::time::Duration;

use hoopoe_e2e::{Child, ChildOptions, Folder, free_port, wait_http};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::testkit::client::client;

pub const LIMIT: Duration = Duration::from_mins(1);

pub struct Worker {
    pub child: Child,
    pub admin: u16,
}

pub type Env<'a> = &'a [(&'a str, String)];

pub fn config(role: &str, settings: Value) -> Value {
    let mut config = json!({ "version": 1, "resource": { "namespace": "n", "name": "r" } });
    config[role] = settings;
    config
}

pub fn producer(port: u16) -> Value {
    config("producer", json!({ "exchange": { "name": "roles.events" }, "port": port, "declare": true }))
}

pub fn consumer() -> Value {
    let bindings = json!([{ "exchange": "roles.events", "routingKey": "#" }]);
    config("consumer", json!({ "queue": { "name": "roles.inbox" }, "bindings": bindings, "declare": true }))
}

pub fn api(port: u16) -> Value {
    config("api", json!({ "port": port }))
}

pub fn binary(name: &str, env: Env<'_>) -> ChildOptions {
    let options = ChildOptions::new(env!("CARGO_BIN_EXE_hoopoe")).name(name).without_env("HOOPOE_");
    env.iter().fold(options, |options, (variable, value)| options.env(variable, value))
}

pub fn start(folder: &Folder, role: &str, env: Env<'_>, mut config: Value) -> Worker {
    let admin = free_port().unwrap();
    if config["admin"].is_null() {
        config["admin"] = json!({ "port": admin });
    }
    let path = folder.path().join(format!("{role}-{admin}.json"));
    std::fs::write(&path, config.to_string()).unwrap();
    let name = format!("{role}-{admin}");
    let child = Child::start_in(&binary(&name, env).arg(role).arg("--config").arg(path), folder).unwrap();
    Worker { child, admin }
}

/// Starts a worker that must refuse to start, and returns everything it wrote.
pub async fn refused(folder: &Folder, role: &str, env: Env<'_>, config: Value) -> String {
    let worker = start(folder, role, env, config);
    let status = worker.child.wait(LIMIT).await.unwrap();
    let log = worker.child.log();
    assert!(!status.success() && !log.contains("panicked"), "{status}: {log}");
    log
}

pub async fn migrate(env: Env<'_>, args: &[&str]) -> String {
    let child = Child::start(&binary("migrate", env).arg("migrate").args(args)).unwrap();
    let status = child.wait(LIMIT).await.unwrap();
    assert!(status.success(), "{args:?}: {}", child.log());
    child.log()
}

impl Worker {
    pub async fn ready(&self) {
        wait_http(&self.child, &self.url("/readyz"), LIMIT).await.unwrap();
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.admin)
    }

    pub async fn get(&self, path: &str) -> (u16, String) {
        let answer = client().get(self.url(path)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Waits until the log contains the text.
    pub async fn says(&self, text: &str) {
        let until = Instant::now() + LIMIT;
        while !self.child.log().contains(text) {
            assert!(Instant::now() < until, "never said {text}: {}", self.child.log());
            sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn ends_well(&self) {
        let status = self.child.term_and_wait(LIMIT).await.unwrap();
        assert!(status.success(), "{status}: {}", self.child.log());
    }
}

/// Sends one notification, and waits until the inbox shows it.
pub async fn goes_through(ingest: u16, api: u16, body: &Value) {
    let until = Instant::now() + LIMIT;
    let url = format!("http://127.0.0.1:{ingest}/v1/notifications");
    while client().post(&url).json(body).send().await.unwrap().status() != 202 {
        assert!(Instant::now() < until, "the notification was never accepted");
        sleep(Duration::from_millis(100)).await;
    }
    let url = format!("http://127.0.0.1:{api}/v1/owners/{}/feed", body["owner"].as_str().unwrap());
    loop {
        let page: Value = client().get(&url).send().await.unwrap().json().await.unwrap();
        if page["items"].as_array().is_some_and(|items| items.iter().any(|item| item["title"] == body["title"])) {
            return;
        }
        assert!(Instant::now() < until, "the inbox never showed it: {page}");
        sleep(Duration::from_millis(50)).await;
    }
}
