//! A register port in a namespace of its own, and callers with tokens.

use std::{sync::Arc, time::Duration};

use hoopoe_e2e::ControlPlane;
use hoopoe_operator::register::{LIMITS, RegisterMetrics, RegisterSettings, router};
use hoopoe_web::serve;
use prometheus_client::{encoding::text::encode, registry::Registry};
use reqwest::{Response, header::CONTENT_TYPE};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::testkit::{
    client::{config, install_crypto},
    definitions::define_shared,
};

pub struct Port {
    pub plane: Arc<ControlPlane>,
    pub namespace: String,
    pub url: String,
    registry: Registry,
    stop: CancellationToken,
}

impl Drop for Port {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Port {
    /// The port runs with a client config that may do everything, to show that it does not use those rights.
    pub async fn open(namespace: &str, change: impl FnOnce(&mut RegisterSettings)) -> Self {
        install_crypto();
        let plane = ControlPlane::shared().await.unwrap();
        define_shared(&plane).await;
        plane.kubectl(&["create", "namespace", namespace]).await.unwrap();
        let cluster = config(plane.kubeconfig()).await;
        let mut settings = RegisterSettings::new(cluster, namespace.to_owned()).unwrap();
        settings.ready_limit = Duration::from_secs(1);
        change(&mut settings);
        let mut registry = Registry::default();
        let router = router(settings, RegisterMetrics::register(&mut registry));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/notif/register", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, router, LIMITS, stop.clone()));
        Self { plane, namespace: namespace.to_owned(), url, registry, stop }
    }

    /// The token of an account that may do this with these kinds.
    pub async fn caller(&self, name: &str, verbs: &str, kinds: &[&str]) -> String {
        let namespace = self.namespace.as_str();
        let run = |args: Vec<String>| async move {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            self.plane.kubectl(&args).await.unwrap()
        };
        let own = |args: &[&str]| ["-n", namespace].iter().chain(args).map(|arg| (*arg).to_owned()).collect::<Vec<_>>();
        run(own(&["create", "serviceaccount", name])).await;
        if !kinds.is_empty() {
            let resources: Vec<_> = kinds.iter().map(|kind| format!("{kind}.hoopoe.app")).collect();
            let (verbs, resources) = (format!("--verb={verbs}"), format!("--resource={}", resources.join(",")));
            run(own(&["create", "role", name, &verbs, &resources])).await;
            let account = format!("--serviceaccount={namespace}:{name}");
            run(own(&["create", "rolebinding", name, &format!("--role={name}"), &account])).await;
        }
        let (_, token) = self.plane.kubeconfig_for_account(namespace, name).await.unwrap();
        token
    }

    pub async fn post(&self, token: Option<&str>, body: &Value) -> (u16, Value) {
        let mut request = client().post(&self.url).json(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        read(request.send().await.unwrap()).await
    }

    /// The resources that exist, as `kind/name`.
    pub async fn there(&self) -> Vec<String> {
        let names = self.plane.kubectl(&["-n", &self.namespace, "get", "hoopoe", "-o", "name"]).await.unwrap();
        names.lines().map(str::to_owned).collect()
    }

    pub fn metrics(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).unwrap();
        text
    }
}

pub const ALL: &str = "get,list,create,patch,delete";

pub fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap()
}

/// Checks that every error is a problem.
pub async fn read(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let kind = answer.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
    let body: Value = answer.json().await.unwrap();
    let expected = if status < 400 { "application/json" } else { "application/problem+json" };
    assert_eq!(kind, expected, "{body}");
    (status, body)
}

pub fn producer(name: &str, exchange: &str) -> Value {
    json!({
        "apiVersion": "hoopoe.app/v1alpha1", "kind": "NotifProducer", "metadata": { "name": name },
        "spec": { "broker": { "secretRef": { "name": "b" } }, "exchange": { "name": exchange } },
    })
}
