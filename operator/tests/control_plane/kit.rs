//! A control plane, a broker and an operator under exactly the role that is committed.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Parser;
use hoopoe_e2e::{ControlPlane, RabbitMq, RabbitMqOptions, RabbitMqVersion};
use hoopoe_operator::{
    cli::run::{self, StartError},
    config::Config,
};
use kube::{
    Client,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Long enough for a busy machine; a test that waits so long fails.
const PATIENCE: Duration = Duration::from_secs(60);

const CRDS: [&str; 2] =
    [include_str!("../../../crds/yaml/notifproducers.yaml"), include_str!("../../../crds/yaml/notifconsumers.yaml")];
const CLUSTER_ROLE: &str = include_str!("../../rbac/cluster-role.yaml");
const LEASE_ROLE: &str = include_str!("../../rbac/lease-role.yaml");

/// Where operators live.
const SYSTEM: &str = "hoopoe-system";

/// One control plane and one broker, and as many operators as a test starts.
pub struct Kit {
    pub plane: ControlPlane,
    pub rabbit: RabbitMq,
    operators: u32,
}

/// A running operator.
pub struct Operator {
    stop: CancellationToken,
    task: JoinHandle<Result<(), StartError>>,
}

impl Kit {
    /// A fresh control plane with nodes, the CRDs, the role and a broker.
    pub async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let _ = tracing_subscriber::fmt()
            .with_env_filter(
                tracing_subscriber::EnvFilter::try_from_env("HOOPOE_LOG").unwrap_or_else(|_| "warn".into()),
            )
            .with_test_writer()
            .try_init();
        let options = RabbitMqOptions { version: RabbitMqVersion::Four, ..RabbitMqOptions::default() };
        let (plane, rabbit) = tokio::join!(ControlPlane::start_with_nodes(2), RabbitMq::start(options));
        let (plane, rabbit) = (plane.unwrap(), rabbit.unwrap());
        for crd in CRDS {
            plane.apply(crd).await.unwrap();
        }
        plane.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]).await.unwrap();
        plane.kubectl(&["create", "namespace", SYSTEM]).await.unwrap();
        plane.apply(CLUSTER_ROLE).await.unwrap();
        plane.kubectl_with(&["-n", SYSTEM, "apply", "--server-side", "-f", "-"], LEASE_ROLE).await.unwrap();
        let user = "--user=operator";
        plane
            .kubectl(&["create", "clusterrolebinding", "operator", "--clusterrole=hoopoe-operator", user])
            .await
            .unwrap();
        plane
            .kubectl(&["-n", SYSTEM, "create", "rolebinding", "operator", "--role=hoopoe-operator-lease", user])
            .await
            .unwrap();
        Self { plane, rabbit, operators: 0 }
    }

    /// A client of somebody's.
    pub async fn client(&self, kubeconfig: PathBuf) -> Client {
        let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        Client::try_from(config).unwrap()
    }

    /// Starts one more operator. `flags`: beside what a test needs.
    pub async fn operator(&mut self, flags: &[&str]) -> Operator {
        let client = self.client(self.plane.kubeconfig_for("operator", None).unwrap()).await;
        self.operators += 1;
        self.operator_with(client, flags)
    }

    /// The same with a client of the test's own, such as one that injects faults.
    pub fn operator_with(&self, client: Client, flags: &[&str]) -> Operator {
        let fixed = ["run", "--admin", "127.0.0.1:0", "--lease-namespace", SYSTEM];
        let config = Flags::parse_from(fixed.iter().chain(flags)).config;
        let stop = CancellationToken::new();
        let of_task = stop.clone();
        let task = tokio::spawn(async move { run::run_with(client, &config, of_task).await });
        Operator { stop, task }
    }

    /// A namespace with the Secrets `rabbit`, `pg` and `redis`.
    pub async fn namespace(&self, name: &str) -> Namespace<'_> {
        self.plane.kubectl(&["create", "namespace", name]).await.unwrap();
        let namespace = Namespace { kit: self, name: name.to_owned() };
        namespace.secret("rabbit", &self.rabbit.url(), &[("managementUri", &self.rabbit.management_url())]).await;
        namespace.secret("pg", "postgres://u:p@pg:5432/app", &[]).await;
        namespace.secret("redis", "redis://redis:6379", &[]).await;
        namespace
    }
}

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    config: Config,
}

impl Operator {
    /// SIGTERM, as it were; it must end well.
    pub async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.expect("the operator stops").unwrap().unwrap();
    }

    /// Ends it between any two of its instructions.
    pub async fn crash(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    /// How it ended by itself.
    pub async fn ended(self) -> Result<(), StartError> {
        tokio::time::timeout(PATIENCE, self.task).await.expect("the operator ends").unwrap()
    }
}

/// A namespace of one test.
pub struct Namespace<'a> {
    pub kit: &'a Kit,
    pub name: String,
}

impl Namespace<'_> {
    pub async fn secret(&self, name: &str, uri: &str, more: &[(&str, &str)]) {
        let mut data = serde_json::Map::from_iter([("uri".to_owned(), Value::from(uri))]);
        data.extend(more.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))));
        let secret = serde_json::json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": { "name": name, "namespace": self.name }, "stringData": data,
        });
        self.kit.plane.apply(&secret.to_string()).await.unwrap();
    }

    /// `spec`: the inside of a YAML flow mapping, without the broker.
    pub async fn producer(&self, name: &str, spec: &str) {
        self.apply("NotifProducer", name, &format!("broker: {{secretRef: {{name: rabbit}}}}, {spec}")).await;
    }

    /// The same, without broker, Postgres and Redis.
    pub async fn consumer(&self, name: &str, spec: &str) {
        let stores = "postgres: {secretRef: {name: pg}}, redis: {secretRef: {name: redis}}";
        self.apply("NotifConsumer", name, &format!("broker: {{secretRef: {{name: rabbit}}}}, {stores}, {spec}")).await;
    }

    pub async fn apply(&self, kind: &str, name: &str, spec: &str) {
        let text = format!(
            "{{apiVersion: hoopoe.app/v1alpha1, kind: {kind}, metadata: {{name: {name}, namespace: {}}}, spec: {{{spec}}}}}",
            self.name
        );
        self.kit.plane.apply(&text).await.unwrap();
    }

    pub async fn kubectl(&self, args: &[&str]) -> String {
        let args: Vec<&str> = ["-n", &self.name].iter().chain(args).copied().collect();
        self.kit.plane.kubectl(&args).await.unwrap_or_else(|error| panic!("kubectl {args:?}: {error}"))
    }

    pub async fn get(&self, what: &str) -> Value {
        serde_json::from_str(&self.kubectl(&["get", what, "-o", "json"]).await).unwrap()
    }

    /// Waits for `kubectl wait --for=condition=Ready`, and shows the resource where it never comes.
    pub async fn ready(&self, what: &str) {
        let waited = ["-n", &self.name, "wait", "--for=condition=Ready", what, "--timeout=60s"];
        if let Err(error) = self.kit.plane.kubectl(&waited).await {
            let shown = self.kubectl(&["get", what, "-o", "jsonpath={.status}"]).await;
            let events = self.kubectl(&["get", "events,deploy,pods", "-o", "wide"]).await;
            panic!("{what} never became Ready: {error}\n{shown}\n{events}");
        }
    }

    /// Waits until a condition has a reason.
    pub async fn reason(&self, what: &str, condition: &str, reason: &str) -> Value {
        let mut last = Value::Null;
        let found = self
            .until(&format!("{condition}={reason} of {what}"), async || {
                last = self.get(what).await["status"].clone();
                let conditions = last["conditions"].as_array().cloned().unwrap_or_default();
                conditions.into_iter().find(|found| found["type"] == condition && found["reason"] == reason)
            })
            .await;
        found.unwrap_or_else(|| panic!("{what} never had {condition}={reason}: {last:#}"))
    }

    /// Asks until there is an answer.
    pub async fn until<T>(&self, _what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(answer) = ask().await {
                return Some(answer);
            }
            if Instant::now() > deadline {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// The resourceVersion of every object of the namespace that is ours or one of our resources, by kind and name.
    pub async fn versions(&self) -> Vec<String> {
        let kinds = "nprod,ncons,deploy,svc,cm,sa,pdb,netpol,hpa";
        let path = "jsonpath={range .items[*]}{.kind}/{.metadata.name}={.metadata.resourceVersion}{\"\\n\"}{end}";
        let listed = self.kubectl(&["get", kinds, "-o", path]).await;
        listed
            .lines()
            .filter(|line| !line.contains("kube-root-ca") && !line.contains("/default="))
            .map(str::to_owned)
            .collect()
    }
}

/// For tests that share one kit.
pub type Shared = Arc<Kit>;
