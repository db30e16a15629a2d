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

use crate::testkit::{
    definitions::{define, define_shared},
    objects::Objects,
    wait::{self, PATIENCE, eventually},
};

const CLUSTER_ROLE: &str = include_str!("../../../rbac/cluster-role.yaml");
const LEASE_ROLE: &str = include_str!("../../../rbac/lease-role.yaml");
const IDENTITY_ROLE: &str = include_str!("../../../rbac/identity-role.yaml");

/// The namespace in which operators run.
const SYSTEM: &str = "hoopoe-system";

/// The user as whom operators run.
const USER: &str = "operator";

static RABBIT: OnceCell<Arc<RabbitMq>> = OnceCell::const_new();
static ATTENDED: OnceCell<Arc<Kit>> = OnceCell::const_new();
static UNATTENDED: OnceCell<Arc<Kit>> = OnceCell::const_new();

/// A control plane, a broker that all kits share, and as many operators as a test starts. A test makes its own
/// namespaces, and names its exchanges and queues after them.
pub struct Kit {
    pub plane: Arc<ControlPlane>,
    pub rabbit: Arc<RabbitMq>,
    operators: AtomicU32,
    /// The operator for tests that start none of their own.
    operator: Option<Operator>,
}

/// A running operator.
pub struct Operator {
    child: Child,
    admin: u16,
}

/// The flags of an operator beside others: it watches one namespace, and its Lease has the name of the namespace.
pub fn only(namespace: &str) -> [&str; 4] {
    ["--watch-namespace", namespace, "--lease-name", namespace]
}

/// A broker for one test.
pub async fn broker() -> RabbitMq {
    RabbitMq::start(RabbitMqOptions { version: RabbitMqVersion::Four, ..RabbitMqOptions::default() }).await.unwrap()
}

impl Kit {
    /// A control plane that one test may break, with nodes and without an operator.
    pub async fn start() -> Self {
        let (plane, rabbit) = tokio::join!(ControlPlane::start_with_nodes(2), shared_broker());
        let plane = Arc::new(plane.unwrap());
        define(&plane).await;
        Self::on(plane, rabbit).await
    }

    /// The control plane with one operator that watches every namespace.
    pub async fn shared() -> Arc<Self> {
        let start = async || {
            let mut kit = Self::start().await;
            kit.operator = Some(kit.start_operator(&[]).await);
            Arc::new(kit)
        };
        ATTENDED.get_or_init(start).await.clone()
    }

    /// The control plane on which each test starts operators for its own namespaces; see [`only`].
    pub async fn unattended() -> Arc<Self> {
        UNATTENDED.get_or_init(async || Arc::new(Self::start().await)).await.clone()
    }

    /// The control plane of the whole process, which serves `PodMonitor` too. Operators are started as in
    /// [`Kit::unattended`].
    pub async fn with_pod_monitors() -> Self {
        let (plane, rabbit) = tokio::join!(ControlPlane::shared(), shared_broker());
        let plane = plane.unwrap();
        define_shared(&plane).await;
        Self::on(plane, rabbit).await
    }

    async fn on(plane: Arc<ControlPlane>, rabbit: Arc<RabbitMq>) -> Self {
        plane.kubectl(&["create", "namespace", SYSTEM]).await.unwrap();
        plane.apply(CLUSTER_ROLE).await.unwrap();
        plane.apply(IDENTITY_ROLE).await.unwrap();
        plane.kubectl_with(&["-n", SYSTEM, "apply", "--server-side", "-f", "-"], LEASE_ROLE).await.unwrap();
        let kit = Self { plane, rabbit, operators: AtomicU32::new(0), operator: None };
        kit.bind_lease(USER).await;
        kit.bind_identity(USER).await;
        let bind = ["create", "clusterrolebinding", USER, "--clusterrole=hoopoe-operator", &format!("--user={USER}")];
        kit.plane.kubectl(&bind).await.unwrap();
        kit
    }

    /// Lets a user take part in the election.
    pub async fn bind_lease(&self, user: &str) {
        self.bind(SYSTEM, "hoopoe-operator-lease", user).await;
    }

    /// Lets a user read the cluster's id.
    pub async fn bind_identity(&self, user: &str) {
        self.bind("kube-system", "hoopoe-operator-identity", user).await;
    }

    async fn bind(&self, namespace: &str, role: &str, user: &str) {
        let (role, of) = (format!("--role={role}"), format!("--user={user}"));
        self.plane.kubectl(&["-n", namespace, "create", "rolebinding", user, &role, &of]).await.unwrap();
    }

    /// Starts one more operator and waits until it is ready. `flags`: added to those that every test needs.
    pub async fn start_operator(&self, flags: &[&str]) -> Operator {
        self.start_operator_as(USER, flags).await
    }

    /// The same for another user than the one with all rights of an operator.
    pub async fn start_operator_as(&self, user: &str, flags: &[&str]) -> Operator {
        let number = self.operators.fetch_add(1, Ordering::Relaxed);
        let admin = free_port().unwrap();
        let options = ChildOptions::new(env!("CARGO_BIN_EXE_hoopoe-operator"))
            .name(format!("operator-{number}"))
            .without_env("HOOPOE_OPERATOR")
            .env("KUBECONFIG", self.plane.kubeconfig_for(user, None).unwrap())
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
        let objects = Objects::create(self.plane.kubeconfig(), name).await;
        let namespace = Namespace { kit: self, name: name.to_owned(), objects };
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

async fn shared_broker() -> Arc<RabbitMq> {
    RABBIT.get_or_init(async || Arc::new(broker().await)).await.clone()
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
    objects: Objects,
}

impl Namespace<'_> {
    pub async fn secret(&self, name: &str, uri: &str, more: &[(&str, &str)]) {
        let mut data = serde_json::Map::from_iter([("uri".to_owned(), Value::from(uri))]);
        data.extend(more.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))));
        let metadata = json!({ "name": name });
        self.apply_object(&json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data }))
            .await;
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

    pub async fn apply_object(&self, object: &Value) {
        self.objects.apply(object).await;
    }

    /// Applies one of our resources. `spec`: the inside of a YAML flow mapping.
    pub async fn apply(&self, kind: &str, name: &str, spec: &str) {
        let spec: Value = serde_yaml::from_str(&format!("{{{spec}}}")).unwrap();
        let metadata = json!({ "name": name });
        let resource = json!({ "apiVersion": "hoopoe.app/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec });
        self.apply_object(&resource).await;
    }

    /// Patches an object, `kind/name`, with a JSON merge patch.
    pub async fn patch(&self, what: &str, patch: &Value) {
        self.objects.patch(what, patch).await;
    }

    /// An object, `kind/name`, if it exists.
    pub async fn find(&self, what: &str) -> Option<Value> {
        self.objects.get(what).await
    }

    pub async fn exists(&self, what: &str) -> bool {
        self.find(what).await.is_some()
    }

    /// An object that exists, `kind/name`.
    pub async fn get(&self, what: &str) -> Value {
        self.find(what).await.unwrap_or_else(|| panic!("there is no {what} in {}", self.name))
    }

    pub async fn list(&self, kind: &str) -> Vec<Value> {
        self.objects.list(kind).await
    }

    pub async fn kubectl(&self, args: &[&str]) -> String {
        let args: Vec<&str> = ["-n", &self.name].iter().chain(args).copied().collect();
        self.kit.plane.kubectl(&args).await.unwrap_or_else(|error| panic!("kubectl {args:?}: {error}"))
    }

    /// Whether a resource is Ready, and its status is about its present spec.
    pub async fn is_ready(&self, what: &str) -> bool {
        let resource = self.get(what).await;
        let conditions = resource["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let current = resource["status"]["observedGeneration"] == resource["metadata"]["generation"];
        current && conditions.iter().any(|found| found["type"] == "Ready" && found["status"] == "True")
    }

    /// Waits until a resource is Ready, and shows it if it does not become so.
    pub async fn ready(&self, what: &str) {
        if wait::until(async || self.is_ready(what).await.then_some(())).await.is_none() {
            let status = self.get(what).await["status"].clone();
            let events = self.kubectl(&["get", "events,deploy,pods", "-o", "wide"]).await;
            panic!("{what} never became Ready: {status:#}\n{events}");
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
            let consumers = self.list("ncons").await;
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
