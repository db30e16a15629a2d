//! One `hoopoe dev` in a temporary folder, and requests to it.

use std::{collections::BTreeMap, path::PathBuf, process::ExitStatus, time::Duration};

use hoopoe_e2e::{Child, ChildOptions, Folder, free_port, wait_http};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::testkit::client::client;

/// How long anything may take that is expected to happen.
pub const LIMIT: Duration = Duration::from_mins(1);

pub struct Dev {
    pub folder: Folder,
    pub admin: u16,
    env: Vec<(String, String)>,
    paths: Vec<PathBuf>,
    child: Option<Child>,
}

/// The binary, without environment variables that name servers.
pub fn binary(name: &str) -> ChildOptions {
    ChildOptions::new(env!("CARGO_BIN_EXE_hoopoe")).name(name).without_env("HOOPOE_")
}

/// Runs a command to its end and returns its status and everything it wrote.
pub async fn run(options: &ChildOptions) -> (ExitStatus, String) {
    let child = Child::start(options).unwrap();
    let status = child.wait(LIMIT).await.unwrap();
    (status, child.log())
}

pub fn producer(name: &str, exchange: &str, port: u16) -> Value {
    json!({
        "apiVersion": "hoopoe.app/v1alpha1", "kind": "NotifProducer", "metadata": { "name": name },
        "spec": { "broker": { "secretRef": { "name": "b" } }, "exchange": { "name": exchange },
            "ingress": { "http": { "port": port } } },
    })
}

pub fn consumer(name: &str, exchange: &str, port: u16) -> Value {
    json!({
        "apiVersion": "hoopoe.app/v1alpha1", "kind": "NotifConsumer", "metadata": { "name": name },
        "spec": { "broker": { "secretRef": { "name": "b" } }, "postgres": { "secretRef": { "name": "p" } },
            "queue": { "name": format!("{name}.inbox") }, "bindings": [{ "exchange": exchange, "routingKey": "#" }],
            "api": { "port": port } },
    })
}

/// All manifests as one file of several documents.
pub fn yaml(manifests: &[Value]) -> String {
    manifests.iter().map(|manifest| serde_yaml::to_string(manifest).unwrap()).collect::<Vec<_>>().join("---\n")
}

impl Dev {
    /// A `dev` for the manifests in `yaml`, not started yet; the file is its own.
    pub fn new(yaml: &str) -> Self {
        let folder = Folder::new().unwrap();
        let path = folder.path().join("manifests.yaml");
        std::fs::write(&path, yaml).unwrap();
        Self { folder, admin: free_port().unwrap(), env: Vec::new(), paths: vec![path], child: None }
    }

    pub fn on(mut self, paths: Vec<PathBuf>) -> Self {
        self.paths = paths;
        self
    }

    pub fn env(mut self, name: &str, value: String) -> Self {
        self.env.push((name.to_owned(), value));
        self
    }

    pub fn options(&self) -> ChildOptions {
        let mut options = binary("dev").arg("dev").arg("--data").arg(self.folder.path().join("data"));
        options = options.args(["--admin", &format!("127.0.0.1:{}", self.admin)]);
        for path in &self.paths {
            options = options.arg("-f").arg(path);
        }
        for (name, value) in &self.env {
            options = options.env(name, value);
        }
        options
    }

    /// Starts it, and waits until it is ready.
    pub async fn started(mut self) -> Self {
        self.start().await;
        self
    }

    pub async fn start(&mut self) {
        let child = Child::start_in(&self.options(), &self.folder).unwrap();
        wait_http(&child, &self.admin_url("/readyz"), LIMIT).await.unwrap();
        self.child = Some(child);
    }

    /// Starts it where it must refuse to start, and returns everything it wrote.
    pub async fn refused(&self) -> String {
        let (status, log) = run(&self.options()).await;
        assert!(!status.success(), "it must not start: {log}");
        assert!(!log.contains("panicked"), "{log}");
        log
    }

    pub fn child(&self) -> &Child {
        self.child.as_ref().unwrap()
    }

    pub fn admin_url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.admin)
    }

    pub async fn kill9(&self) {
        self.child().kill9().await.unwrap();
    }

    pub async fn register(&self, body: &Value) -> (u16, Value) {
        let answer = client().post(self.admin_url("/notif/register")).json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// What is registered and runs now, by name.
    pub async fn listed(&self, query: &str) -> BTreeMap<String, Value> {
        let answer = client().get(self.admin_url(&format!("/notif/register{query}"))).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let body: Value = answer.json().await.unwrap();
        let resources = body["data"]["resources"].as_array().unwrap().clone();
        resources.into_iter().map(|one| (one["name"].as_str().unwrap().to_owned(), one)).collect()
    }
}

pub async fn send(port: u16, owner: &str, id: &str) -> reqwest::Result<u16> {
    send_with(&client(), port, owner, id).await
}

pub async fn send_with(client: &reqwest::Client, port: u16, owner: &str, id: &str) -> reqwest::Result<u16> {
    let body = json!({ "id": id, "owner": owner, "kind": "test", "title": id });
    let url = format!("http://127.0.0.1:{port}/v1/notifications");
    Ok(client.post(url).json(&body).send().await?.status().as_u16())
}

/// Sends until the producer accepts it: a queue may be bound a moment after its exchange was declared.
pub async fn send_until_taken(port: u16, owner: &str, id: &str) {
    let until = Instant::now() + LIMIT;
    loop {
        match send(port, owner, id).await {
            Ok(202) => return,
            other => assert!(Instant::now() < until, "never accepted: {other:?}"),
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// The sender's ids of all items of an inbox, from all its pages.
pub async fn inbox(port: u16, owner: &str) -> Vec<String> {
    let client = client();
    let (mut ids, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut request = client.get(format!("http://127.0.0.1:{port}/v1/owners/{owner}/feed?limit=200"));
        if let Some(cursor) = &cursor {
            request = request.query(&[("cursor", cursor)]);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let page: Value = answer.json().await.unwrap();
        ids.extend(page["items"].as_array().unwrap().iter().map(|item| item["source_id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return ids,
        }
    }
}

/// Waits until the inbox holds at least `count` items.
pub async fn inbox_of(port: u16, owner: &str, count: usize) -> Vec<String> {
    let until = Instant::now() + LIMIT;
    loop {
        let ids = inbox(port, owner).await;
        if ids.len() >= count || Instant::now() >= until {
            assert!(ids.len() >= count, "{} of {count} came", ids.len());
            return ids;
        }
        sleep(Duration::from_millis(50)).await;
    }
}
