//! `make bench-operator`: how long a thousand and five thousand resources take to settle, what the operator needs for
//! them, and what a cycle without changes costs. It runs on a real API server and a real RabbitMQ.
//!
//! The resources are Stopped, because there are no kubelets to run the pods. Of `N` resources a tenth are consumers,
//! and the producers share fifty exchanges.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use hoopoe_e2e::{Child, ChildOptions, ControlPlane, RabbitMq, RabbitMqOptions, RabbitMqVersion, free_port, wait_http};
use hoopoe_operator as _;

type Outcome<T> = Result<T, Box<dyn Error>>;

const CRDS: [&str; 2] =
    [include_str!("../../crds/yaml/notifproducers.yaml"), include_str!("../../crds/yaml/notifconsumers.yaml")];
const ROLES: [&str; 2] = [include_str!("../rbac/cluster-role.yaml"), include_str!("../rbac/lease-role.yaml")];
const EXCHANGES: usize = 50;
/// How long one number of resources may take to settle.
const PATIENCE: Duration = Duration::from_mins(20);
/// A cycle takes a minute. We wait a little longer, so that every resource has had its turn.
const QUIET: Duration = Duration::from_secs(75);

struct Row {
    resources: u32,
    settle: Duration,
    restart: Duration,
    requests: f64,
    writes_in_quiet: f64,
    requests_in_quiet: f64,
    memory_mib: f64,
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let sizes: Vec<usize> = std::env::var("HOOPOE_BENCH_RESOURCES")
        .unwrap_or_else(|_| "1000,5000".to_owned())
        .split(',')
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let mut rows = Vec::new();
    for size in sizes {
        rows.push(measure(size).await?);
    }
    println!(
        "\n| resources | settle | settle again after a restart | requests a resource | requests in a quiet cycle \
         | writes in it | memory |"
    );
    println!("|---|---|---|---|---|---|---|");
    for row in &rows {
        println!(
            "| {} | {:.0} s | {:.0} s | {:.1} | {:.0} | {:.0} | {:.0} MiB |",
            row.resources,
            row.settle.as_secs_f64(),
            row.restart.as_secs_f64(),
            row.requests / f64::from(row.resources),
            row.requests_in_quiet,
            row.writes_in_quiet,
            row.memory_mib,
        );
    }
    Ok(())
}

async fn measure(size: usize) -> Outcome<Row> {
    eprintln!("{size} resources: starting a control plane and a broker");
    let options = RabbitMqOptions { version: RabbitMqVersion::Four, ..RabbitMqOptions::default() };
    let (plane, rabbit) = (ControlPlane::start().await?, RabbitMq::start(options).await?);
    for text in CRDS.iter().chain(&ROLES[..1]) {
        plane.apply(text).await?;
    }
    plane.kubectl_with(&["apply", "--server-side", "-f", "-"], ROLES[1]).await?;
    plane
        .kubectl(&["create", "clusterrolebinding", "operator", "--clusterrole=hoopoe-operator", "--user=operator"])
        .await?;
    plane.kubectl(&["create", "rolebinding", "operator", "--role=hoopoe-operator-lease", "--user=operator"]).await?;
    let secret = |name: &str, more: String| {
        format!(
            "{{apiVersion: v1, kind: Secret, metadata: {{name: {name}, namespace: default}}, stringData: {{{more}}}}}"
        )
    };
    let rabbit_keys = format!("uri: \"{}\", managementUri: \"{}\"", rabbit.url(), rabbit.management_url());
    plane.apply(&secret("rabbit", rabbit_keys)).await?;
    plane.apply(&secret("pg", "uri: \"postgres://u:p@pg/db\"".to_owned())).await?;
    while plane.kubectl(&["get", "nprod,ncons"]).await.is_err() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    eprintln!("making {size} resources");
    let resources: Vec<String> = (0..size).map(resource).collect();
    for some in resources.chunks(250) {
        let output = plane.kubectl_with(&["create", "-f", "-"], &some.join("\n---\n")).await?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
    }

    let (operator, admin) = start(&plane).await?;
    let settle = settled(&plane, &operator, admin, size).await?;
    let requests = total(admin, |_| true).await?;
    let before = (requests, total(admin, is_write).await?);
    eprintln!("settled in {:.0} s; a quiet cycle", settle.as_secs_f64());
    tokio::time::sleep(QUIET).await;
    let after = (total(admin, |_| true).await?, total(admin, is_write).await?);
    let memory_mib = resident_mib(operator.pid())?;
    operator.term_and_wait(Duration::from_secs(30)).await?;

    eprintln!("the same after a restart");
    let started = Instant::now();
    let (operator, admin) = start(&plane).await?;
    settled_in(&operator, admin, size, started).await?;
    let restart = started.elapsed();
    operator.term_and_wait(Duration::from_secs(30)).await?;
    Ok(Row {
        resources: u32::try_from(size)?,
        settle,
        restart,
        requests,
        requests_in_quiet: after.0 - before.0,
        writes_in_quiet: after.1 - before.1,
        memory_mib,
    })
}

fn resource(number: usize) -> String {
    let broker = "broker: {secretRef: {name: rabbit}}, lifecycle: Stopped";
    if number.is_multiple_of(10) {
        format!(
            "{{apiVersion: hoopoe.app/v1alpha1, kind: NotifConsumer, \
             metadata: {{name: c{number}, namespace: default}}, \
             spec: {{{broker}, postgres: {{secretRef: {{name: pg}}}}, queue: {{name: q{number}}}, \
             bindings: [{{exchange: e{}}}], api: {{enabled: false}}}}}}",
            1 + number % EXCHANGES
        )
    } else {
        format!(
            "{{apiVersion: hoopoe.app/v1alpha1, kind: NotifProducer, \
             metadata: {{name: p{number}, namespace: default}}, spec: {{{broker}, exchange: {{name: e{}}}}}}}",
            number % EXCHANGES
        )
    }
}

async fn start(plane: &ControlPlane) -> Outcome<(Child, u16)> {
    let admin = free_port()?;
    let options = ChildOptions::new(env!("CARGO_BIN_EXE_hoopoe-operator"))
        .without_env("HOOPOE_OPERATOR")
        .env("KUBECONFIG", plane.kubeconfig_for("operator", None)?)
        .env("HOOPOE_LOG", "warn")
        .args(["run", "--lease-namespace", "default", "--admin", &format!("127.0.0.1:{admin}")]);
    let operator = Child::start(&options)?;
    wait_http(&operator, &format!("http://127.0.0.1:{admin}/readyz"), Duration::from_secs(30)).await?;
    Ok((operator, admin))
}

async fn settled(plane: &ControlPlane, operator: &Child, admin: u16, size: usize) -> Outcome<Duration> {
    let started = Instant::now();
    settled_in(operator, admin, size, started).await?;
    let took = started.elapsed();
    // Check once against the API server that the operator's own metric is right.
    let statuses = "jsonpath={range .items[*]}{.status.conditions[?(@.type==\"Ready\")].status}{\"\\n\"}{end}";
    let ready = plane.kubectl(&["get", "nprod,ncons", "-o", statuses]).await?;
    let ready = ready.lines().filter(|line| *line == "True").count();
    if ready != size {
        return Err(format!("the API server has {ready} ready resources of {size}").into());
    }
    Ok(took)
}

async fn settled_in(operator: &Child, admin: u16, size: usize, started: Instant) -> Outcome<()> {
    loop {
        let text = metrics(admin).await?;
        let ready = text
            .lines()
            .filter(|line| line.starts_with("hoopoe_operator_resource_ready{") && line.ends_with(" 1"))
            .count();
        if ready == size {
            return Ok(());
        }
        if started.elapsed() > PATIENCE {
            let log = operator.log();
            let end = log.lines().rev().take(20).collect::<Vec<_>>().join("\n");
            return Err(format!("{ready} of {size} were ready after {PATIENCE:?}; the log ends:\n{end}").into());
        }
        eprint!("\r{ready} of {size} ready after {:.0} s ", started.elapsed().as_secs_f64());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn metrics(admin: u16) -> Outcome<String> {
    Ok(reqwest::get(format!("http://127.0.0.1:{admin}/metrics")).await?.text().await?)
}

/// The sum of the requests to the API server whose labels satisfy `count`. It includes the Lease: four a minute.
async fn total(admin: u16, count: fn(&str) -> bool) -> Outcome<f64> {
    let text = metrics(admin).await?;
    let lines = text.lines().filter(|line| line.starts_with("hoopoe_operator_api_requests_total{") && count(line));
    Ok(lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
}

fn is_write(line: &str) -> bool {
    !line.contains("verb=\"get\"")
}

fn resident_mib(pid: u32) -> Outcome<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kib / 1024.0)
}
