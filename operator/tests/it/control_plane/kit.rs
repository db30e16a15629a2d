//! A control plane, a broker and operators as separate processes, with exactly the committed role.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use hoopoe_e2e::{Child, ChildOptions, ControlPlane, Method, RabbitMq, RabbitMqOptions, RabbitMqVersion, free_port};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::testkit::wait::{self, PATIENCE, eventually};

const CRDS: [&str; 2] = [
    include_str!("../../../../crds/yaml/notifproducers.yaml"),
    include_str!("../../../../crds/yaml/notifconsumers.yaml"),
];
const CLUSTER_ROLE: &str = include_str!("../../../rbac/cluster-role.yaml");
const LEASE_ROLE: &str = include_str!("../../../rbac/lease-role.yaml");
const IDENTITY_ROLE: &str = include_str!("../../../rbac/identity-role.yaml");

/// The namespace in which operators run.
const SYSTEM: &str = "hoopoe-system";

static SHARED: OnceCell<Arc<Kit>> = OnceCell::const_new();

/// One control plane, one broker, and as many operators as a test starts.
pub struct Kit {
    pub plane: ControlPlane,
    pub rabbit: RabbitMq,
    operators: AtomicU32,
    /// The operator for tests that start none of their own.
    operator: Option<Operator>,
}

/// A running operator.
pub struct Operator {
    child: Child,
    admin: u16,
}

impl Kit {
    /// A control plane with nodes, the CRDs, the role and a broker, and no operator.
    pub async fn start() -> Self {
        let options = RabbitMqOptions { version: RabbitMqVersion::Four, ..RabbitMqOptions::default() };
        let (plane, rabbit) = tokio::join!(ControlPlane::start_with_nodes(2), RabbitMq::start(options));
        let (plane, rabbit) = (plane.unwrap(), rabbit.unwrap());
        for crd in CRDS {
            plane.apply(crd).await.unwrap();
        }
        wait::established(&plane).await;
        plane.kubectl(&["create", "namespace", SYSTEM]).await.unwrap();
        plane.apply(CLUSTER_ROLE).await.unwrap();
        plane.apply(IDENTITY_ROLE).await.unwrap();
        plane.kubectl_with(&["-n", SYSTEM, "apply", "--server-side", "-f", "-"], LEASE_ROLE).await.unwrap();
        let user = "--user=operator";
        let bind = ["create", "clusterrolebinding", "operator", "--clusterrole=hoopoe-operator", user];
        plane.kubectl(&bind).await.unwrap();
        let bind = ["-n", SYSTEM, "create", "rolebinding", "operator", "--role=hoopoe-operator-lease", user];
        plane.kubectl(&bind).await.unwrap();
        let bind = ["-n", "kube-system", "create", "rolebinding", "operator", "--role=hoopoe-operator-identity", user];
        plane.kubectl(&bind).await.unwrap();
        Self { plane, rabbit, operators: AtomicU32::new(0), operator: None }
    }

    /// The kit with one operator that tests share. Each test makes its own namespaces and queues in it.
    pub async fn shared() -> Arc<Self> {
        let start = async || {
            let mut kit = Self::start().await;
            kit.operator = Some(kit.start_operator(&[]).await);
            Arc::new(kit)
        };
        SHARED.get_or_init(start).await.clone()
    }

    /// Starts one more operator and waits until it is ready. `flags`: added to those that every test needs.
    pub async fn start_operator(&self, flags: &[&str]) -> Operator {
        let number = self.operators.fetch_add(1, Ordering::Relaxed);
        let admin = free_port().unwrap();
        let options = ChildOptions::new(env!("CARGO_BIN_EXE_hoopoe-operator"))
            .name(format!("operator-{number}"))
            .without_env("HOOPOE_OPERATOR")
            .env("KUBECONFIG", self.plane.kubeconfig_for("operator", None).unwrap())
            .args(["run", "--lease-namespace", SYSTEM, "--admin", &format!("127.0.0.1:{admin}")])
            .args(flags);
        let operator = Operator { child: Child::start(&options).unwrap(), admin };
        hoopoe_e2e::wait_http(&operator.child, &format!("http://127.0.0.1:{admin}/readyz"), PATIENCE).await.unwrap();
        operator
    }

    /// When the leader renewed its lease the last time. From then on the lease holds for its whole duration.
    pub async fn renewed_at(&self) -> String {
        let lease = ["-n", SYSTEM, "get", "lease/hoopoe-operator", "-o", "jsonpath={.spec.renewTime}"];
        self.plane.kubectl(&lease).await.unwrap()
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

    /// The answer of the broker's management API; `Null`: 404.
    pub async fn broker(&self, path: &str) -> Value {
        match self.rabbit.management(Method::GET, path, None).await {
            Ok(answer) => serde_json::from_str(&answer.to_string()).unwrap(),
            Err(hoopoe_e2e::Error::HttpStatus { status: 404, .. }) => Value::Null,
            Err(error) => panic!("{path}: {error}"),
        }
    }

    /// Publishes a message through the management API, and returns whether it reached a queue.
    pub async fn publish(&self, exchange: &str, key: &str) -> bool {
        let message = json!({
            "properties": { "delivery_mode": 2 },
            "routing_key": key,
            "payload": "{}",
            "payload_encoding": "string",
        });
        let path = format!("/api/exchanges/%2F/{exchange}/publish");
        let answer = self.rabbit.management(Method::POST, &path, Some(&message)).await.unwrap();
        serde_json::from_str::<Value>(&answer.to_string()).unwrap()["routed"] == true
    }
}

/// A test that fails shows the log of its operator.
impl Drop for Operator {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the operator's log:\n{}", self.child.log());
        }
    }
}

impl Operator {
    /// Sends SIGTERM and checks that the operator ends well.
    pub async fn stop(self) {
        let status = self.child.term_and_wait(PATIENCE).await.unwrap();
        assert!(status.success(), "{status}: {}", self.child.log());
    }

    /// Waits until the operator ends by itself, and returns its status.
    pub async fn ended(&self) -> std::process::ExitStatus {
        self.child.wait(PATIENCE).await.unwrap()
    }

    /// `kill -9`.
    pub async fn kill(self) {
        self.child.kill9().await.unwrap();
    }

    /// Whether the operator has not ended.
    pub fn runs(&self) -> bool {
        self.child.exit_status().unwrap().is_none()
    }

    pub fn log(&self) -> String {
        self.child.log()
    }

    /// Whether its metric says that it leads.
    pub async fn leads(&self) -> bool {
        self.metrics().await.lines().any(|line| line == "hoopoe_operator_leader 1")
    }

    /// The answer of `/readyz`.
    pub async fn readyz(&self) -> String {
        reqwest::get(format!("http://127.0.0.1:{}/readyz", self.admin)).await.unwrap().text().await.unwrap()
    }

    /// The answer of `/metrics`.
    pub async fn metrics(&self) -> String {
        reqwest::get(format!("http://127.0.0.1:{}/metrics", self.admin)).await.unwrap().text().await.unwrap()
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

    /// Applies a producer. `spec`: the inside of a YAML flow mapping, without the broker.
    pub async fn producer(&self, name: &str, spec: &str) {
        self.apply("NotifProducer", name, &format!("broker: {{secretRef: {{name: rabbit}}}}, {spec}")).await;
    }

    /// Applies a consumer. `spec`: in the same form, without broker, Postgres and Redis.
    pub async fn consumer(&self, name: &str, spec: &str) {
        let stores = "postgres: {secretRef: {name: pg}}, redis: {secretRef: {name: redis}}";
        self.apply("NotifConsumer", name, &format!("broker: {{secretRef: {{name: rabbit}}}}, {stores}, {spec}")).await;
    }

    /// Applies any object.
    pub async fn apply_text(&self, object: &Value) {
        self.kit.plane.apply(&object.to_string()).await.unwrap();
    }

    pub async fn apply(&self, kind: &str, name: &str, spec: &str) {
        let text = format!(
            "{{apiVersion: hoopoe.app/v1alpha1, kind: {kind}, metadata: {{name: {name}, namespace: {}}}, spec: \
             {{{spec}}}}}",
            self.name
        );
        self.kit.plane.apply(&text).await.unwrap();
    }

    /// Patches with a JSON merge patch.
    pub async fn patch(&self, what: &str, patch: &Value) {
        let (kind, name) = what.split_once('/').unwrap();
        self.kubectl(&["patch", kind, name, "--type=merge", "-p", &patch.to_string()]).await;
    }

    pub async fn exists(&self, what: &str) -> bool {
        !self.kubectl(&["get", what, "--ignore-not-found", "-o", "name"]).await.is_empty()
    }

    pub async fn kubectl(&self, args: &[&str]) -> String {
        let args: Vec<&str> = ["-n", &self.name].iter().chain(args).copied().collect();
        self.kit.plane.kubectl(&args).await.unwrap_or_else(|error| panic!("kubectl {args:?}: {error}"))
    }

    pub async fn get(&self, what: &str) -> Value {
        serde_json::from_str(&self.kubectl(&["get", what, "-o", "json"]).await).unwrap()
    }

    /// Runs `kubectl wait --for=condition=Ready`, and shows the resource if it does not become Ready.
    pub async fn ready(&self, what: &str) {
        let waited = ["-n", &self.name, "wait", "--for=condition=Ready", what, "--timeout=90s"];
        if let Err(error) = self.kit.plane.kubectl(&waited).await {
            let shown = self.kubectl(&["get", what, "-o", "jsonpath={.status}"]).await;
            let events = self.kubectl(&["get", "events,deploy,pods", "-o", "wide"]).await;
            panic!("{what} never became Ready: {error}\n{shown}\n{events}");
        }
    }

    /// Waits until a condition has this reason.
    pub async fn reason(&self, what: &str, condition: &str, reason: &str) -> Value {
        let mut last = Value::Null;
        let found = wait::until(async || {
            last = self.get(what).await["status"].clone();
            let conditions = last["conditions"].as_array().cloned().unwrap_or_default();
            conditions.into_iter().find(|found| found["type"] == condition && found["reason"] == reason)
        })
        .await;
        found.unwrap_or_else(|| panic!("{what} never had {condition}={reason}: {last:#}"))
    }

    /// The [`Self::versions`] after ten seconds in which none of them changed, with every queue's backlog known. Until
    /// then, Kubernetes' controllers and the broker's statistics still write about new objects.
    pub async fn quiet_versions(&self) -> Vec<String> {
        eventually("every backlog is known", async || {
            let consumers = self.get("ncons").await["items"].as_array().cloned().unwrap_or_default();
            consumers.iter().all(|consumer| consumer["status"]["backlog"].is_string())
        })
        .await;
        let mut before = self.versions().await;
        eventually("ten quiet seconds", async || {
            tokio::time::sleep(Duration::from_secs(10)).await;
            let now = self.versions().await;
            let quiet = now == before;
            before = now;
            quiet
        })
        .await;
        before
    }

    /// The resourceVersions of our resources and of their children in the namespace, by kind and name.
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
