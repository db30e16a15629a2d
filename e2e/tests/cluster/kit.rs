//! The cluster, the requests to it, and the time of each stage.

use std::collections::BTreeSet;
use std::error::Error;
use std::future::Future;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use hoopoe_e2e::{Cluster, Folder, REGISTRY, hoopoe_binary};
use serde_json::Value;
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::traces;

/// Longer than anything here takes on a busy machine. The waits of `kubectl` and `helm` have the same limit.
pub const PATIENCE: Duration = Duration::from_mins(3);

pub type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// The namespace of the resources, under the restricted Pod Security level.
pub const APPS: &str = "apps";
/// The namespace of the operator, under the same level.
pub const SYSTEM: &str = "hoopoe-system";

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Arguments of `kubectl` that run the command after them in the broker's pod.
pub const IN_BROKER: &str =
    "-n backends exec -i rabbitmq-0 -- env HOME=/var/lib/rabbitmq RABBITMQ_NODENAME=rabbit@localhost";
/// Arguments of `kubectl` that run `psql` in the database's pod; options of `psql` follow them.
pub const PSQL: &str = "-n backends exec -i postgres-0 -- psql postgres://hoopoe:hoopoe@127.0.0.1/hoopoe";

/// A cluster with backends and Hoopoe's images.
pub struct Kit {
    pub cluster: Cluster,
    /// The images of the operator and of the workers, by digest.
    pub images: Images,
    pub hoopoe: PathBuf,
    helm: PathBuf,
    started: Instant,
    stages: Mutex<Vec<(&'static str, Duration)>>,
    /// The traces on this machine before the cluster started.
    before: BTreeSet<String>,
}

/// The images that pods pull.
pub struct Images {
    pub operator: Image,
    pub worker: Image,
}

/// An image: `REPOSITORY@DIGEST`.
pub struct Image {
    pub repository: String,
    pub digest: String,
}

impl Kit {
    pub async fn start() -> Outcome<Self> {
        let started = Instant::now();
        let say = |what: &str| eprintln!("{:>5.0} s  {what}", started.elapsed().as_secs_f64());
        say("building the images");
        // Another run in this checkout builds its own images meanwhile.
        let folder = Folder::new()?;
        let mut build = script("e2e/images.sh");
        build.env("HOOPOE_IMAGE_FOLDER", folder.path());
        let layouts = run(build).await?;
        let before = traces::seen().await?;
        let cluster = Cluster::start(say).await?;
        say("pushing the images");
        let images = Images {
            operator: push(&cluster, &layouts, "hoopoe-operator").await?,
            worker: push(&cluster, &layouts, "hoopoe").await?,
        };
        say("building helm (the first time: about four minutes)");
        let mut build = script("e2e/go-tools.sh");
        build.arg("helm");
        let helm = PathBuf::from(run(build).await?.trim()).join("helm");
        for namespace in [APPS, SYSTEM] {
            cluster
                .apply(&format!(
                    "{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}, \
                     labels: {{pod-security.kubernetes.io/enforce: restricted}}}}}}"
                ))
                .await?;
        }
        say("starting RabbitMQ, PostgreSQL and Redis in pods");
        cluster.start_backends().await?;
        Ok(Self { cluster, images, hoopoe: hoopoe_binary().await?, helm, started, stages: Mutex::default(), before })
    }

    /// Runs a stage and prints its time. If it fails, also prints the state of the cluster.
    pub async fn stage(&self, name: &'static str, stage: impl Future<Output = Outcome>) -> Outcome {
        let from = Instant::now();
        eprintln!("\n{:>5.0} s  == {name}", self.started.elapsed().as_secs_f64());
        if let Err(error) = stage.await {
            self.show().await;
            return Err(format!("{name}: {error}").into());
        }
        self.stages.lock().await.push((name, from.elapsed()));
        Ok(())
    }

    /// Prints the state of the cluster: its objects, its logs, and the content of the queues and the database.
    async fn show(&self) {
        let print = |what: &str, seen: Outcome<String>| {
            eprintln!("\n-- {what}\n{}", seen.unwrap_or_else(|error| error.to_string()));
        };
        let queues = "-q list_queues name messages_ready messages_unacknowledged consumers";
        let rows = "select o.*, (select count(*) from notification n where n.owner = o.owner) as rows \
                    from owner_state o order by rev desc limit 60";
        let logs = "logs --all-containers --prefix --timestamps --tail=60";
        let looks = [
            "get nodes,nprod,ncons,pods,services --all-namespaces --output wide".to_owned(),
            format!("-n {APPS} get events --sort-by=.lastTimestamp"),
            format!("-n {SYSTEM} logs deployment/hoopoe-operator --tail=40"),
            format!("-n {APPS} {logs} -l app.kubernetes.io/name=hoopoe"),
            format!("-n backends {logs} rabbitmq-0"),
            format!("-n backends {logs} postgres-0"),
            format!("-n backends {logs} redis-0"),
        ];
        for look in looks {
            print(&format!("kubectl {look}"), self.kubectl(&look).await);
        }
        print(&format!("rabbitmqctl {queues}"), self.rabbitmqctl(queues).await);
        print(rows, self.psql("-q", rows).await);
    }

    /// Stops the cluster, checks that it has left no traces, and prints the time of every stage.
    pub async fn end(self) -> Outcome {
        let (started, stages) = (self.started, self.stages.into_inner());
        self.cluster.stop().await?;
        let after = traces::seen().await?;
        let left: Vec<&String> = after.difference(&self.before).collect();
        assert!(left.is_empty(), "the cluster left: {left:#?}");
        eprintln!("\nstages of the cluster's test, {:.0} s in all", started.elapsed().as_secs_f64());
        for (name, took) in stages {
            eprintln!("{:>7.1} s  {name}", took.as_secs_f64());
        }
        Ok(())
    }

    /// Runs `kubectl` and returns its output. The arguments are separated by single spaces.
    pub async fn kubectl(&self, words: &str) -> Outcome<String> {
        self.kubectl_args(&words.split(' ').collect::<Vec<_>>()).await
    }

    /// Runs `kubectl` with arguments that may contain spaces, and returns its output.
    pub async fn kubectl_args(&self, args: &[&str]) -> Outcome<String> {
        let mut command = Command::new(self.cluster.program("kubectl")?);
        command.env("KUBECONFIG", self.cluster.plane().kubeconfig()).env("KUBERC", "off").args(args);
        run(command).await
    }

    /// Runs `rabbitmqctl` in the broker's pod and returns its output. The arguments are separated by single spaces.
    pub async fn rabbitmqctl(&self, words: &str) -> Outcome<String> {
        self.kubectl(&format!("{IN_BROKER} rabbitmqctl {words}")).await
    }

    /// Runs a query with `psql` and one of its options, and returns the output.
    pub async fn psql(&self, option: &str, query: &str) -> Outcome<String> {
        self.kubectl_args(&PSQL.split(' ').chain([option, "-c", query]).collect::<Vec<_>>()).await
    }

    /// Runs `kubectl apply` in the resources' namespace.
    pub async fn apply(&self, yaml: &str) -> Outcome {
        self.pipe(&format!("-n {APPS} apply --server-side -f -"), yaml).await
    }

    /// Runs `kubectl` with a text on its standard input.
    pub async fn pipe(&self, words: &str, input: &str) -> Outcome {
        let args: Vec<&str> = words.split_whitespace().collect();
        let output = self.cluster.plane().kubectl_with(&args, input).await?;
        if output.status.success() {
            Ok(())
        } else {
            Err(format!("kubectl {words}: {}", String::from_utf8_lossy(&output.stderr)).into())
        }
    }

    /// Reads an object as JSON.
    pub async fn get(&self, words: &str) -> Outcome<Value> {
        Ok(serde_json::from_str(&self.kubectl(&format!("get {words} --output json")).await?)?)
    }

    /// Runs `helm` and returns its output.
    pub async fn helm(&self, args: &[&str]) -> Outcome<String> {
        let mut command = Command::new(&self.helm);
        // Do not use the settings of this machine's user.
        let home = self.cluster.plane().kubeconfig().parent().ok_or("a kubeconfig is in a folder")?;
        command.env("KUBECONFIG", self.cluster.plane().kubeconfig()).env("HELM_CACHE_HOME", home);
        command.env("HELM_CONFIG_HOME", home).env("HELM_DATA_HOME", home).current_dir(ROOT).args(args);
        run(command).await
    }

    /// The URL of a Service for requests from this machine: `http://10.96.…:PORT`.
    pub async fn url(&self, namespace: &str, service: &str) -> Outcome<String> {
        let service = self.get(&format!("-n {namespace} service/{service}")).await?;
        let address = service["spec"]["clusterIP"].as_str().ok_or("a Service has an address")?;
        Ok(format!("http://{address}:{}", service["spec"]["ports"][0]["port"]))
    }

    /// Calls `met` every half second until it returns true, for [`PATIENCE`] at most. Errors name the condition as
    /// `what`.
    pub async fn until<F>(&self, what: &str, met: impl FnMut() -> F) -> Outcome
    where
        F: Future<Output = Outcome<bool>>,
    {
        self.until_within(PATIENCE, what, met).await
    }

    /// The same with another limit.
    pub async fn until_within<F>(&self, limit: Duration, what: &str, mut met: impl FnMut() -> F) -> Outcome
    where
        F: Future<Output = Outcome<bool>>,
    {
        let deadline = Instant::now() + limit;
        let mut last = String::new();
        while Instant::now() < deadline {
            match met().await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) => last = error.to_string(),
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Err(format!("not within {limit:?}: {what}. {last}").into())
    }

    /// Deletes a pod by force and does not wait for its end.
    pub async fn kill_pod(&self, namespace: &str, pod: &str) -> Outcome {
        let force = "--grace-period=0 --force --wait=false";
        self.kubectl(&format!("-n {namespace} delete pod {pod} {force}")).await.map(drop)
    }

    /// The names and nodes of the running pods of one child, such as `inbox-consumer`.
    pub async fn pods(&self, child: &str) -> Outcome<Vec<(String, String)>> {
        let (instance, component) = child.rsplit_once('-').ok_or("NAME-COMPONENT")?;
        let labels = format!("app.kubernetes.io/instance={instance},app.kubernetes.io/component={component}");
        let list = self.get(&format!("-n {APPS} pods --field-selector status.phase=Running -l {labels}")).await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let pods = list["items"].as_array().into_iter().flatten();
        // Leave out pods that are being deleted, because their phase is Running until they end.
        let staying = pods.filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        Ok(staying.map(|pod| (text(&pod["metadata"]["name"]), text(&pod["spec"]["nodeName"]))).collect())
    }
}

async fn push(cluster: &Cluster, layouts: &str, name: &str) -> Outcome<Image> {
    let line = layouts.lines().find(|line| line.split(' ').next() == Some(name)).ok_or("no such image was built")?;
    let folder = line.split(' ').nth(1).ok_or("an image is in a folder")?;
    let digest = cluster.push(folder.as_ref(), &format!("{name}:test")).await?;
    Ok(Image { repository: format!("{REGISTRY}/{name}"), digest })
}

/// A script of the repository, whose progress is shown.
fn script(name: &str) -> Command {
    let mut command = Command::new(format!("{ROOT}/{name}"));
    command.stderr(Stdio::inherit());
    command
}

/// Runs a command and returns its output. The error contains its standard error.
pub async fn run(mut command: Command) -> Outcome<String> {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        let complaint = String::from_utf8_lossy(&output.stderr);
        Err(format!("{:?} ended with {}: {complaint}", command.as_std(), output.status).into())
    }
}
