//! The peak memory of the process of a producer and of a consumer, each at full rate, as the kernel counts it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hoopoe_crds::worker_config::{
    AdminConfig, CacheConfig, ConsumerConfig, ProducerConfig, ResourceRef, StoreConfig, TelemetryConfig, TlsConfig,
    VERSION, WorkerConfig,
};
use hoopoe_e2e::{Child, ChildOptions, Folder, free_port, wait_http};
use serde_json::json;
use tokio::time::sleep;

use super::{
    http_client::{Plan, saturate},
    ingest::{CONNECTIONS, request},
    servers::Servers,
    table::Table,
};

const RUN: Duration = Duration::from_secs(4);
const GOAL: f64 = 40.0;

pub async fn measure(servers: &Servers, table: &mut Table) {
    let consumer = servers.declare("memory").await;
    let database = servers.database("memory").await;
    let folder = Folder::new().unwrap();
    let port = free_port().unwrap();
    let producer = json!({ "exchange": { "name": "memory" }, "port": port });
    let producer: ProducerConfig = serde_json::from_value(producer).unwrap();
    let env = [
        ("HOOPOE_AMQP_URL", servers.rabbit.url()),
        ("HOOPOE_POSTGRES_URL", database),
        ("HOOPOE_REDIS_URL", servers.redis.url()),
    ];

    let producing = start(&folder, "producer", &env, config(Some(producer), None)).await;
    let address = ([127, 0, 0, 1], port).into();
    let plan = Plan { address, status: 202, connections: CONNECTIONS, depth: 1, time: RUN };
    let next = Arc::new(AtomicUsize::new(0));
    let numbers = Arc::clone(&next);
    let rate = saturate(plan, move |_, _| request(numbers.fetch_add(1, Ordering::Relaxed)).1).await;
    let of = format!("{CONNECTIONS} connections, {rate:.0}/s");
    report(table, "memory of a producer", of, &producing);
    producing.term_and_wait(Duration::from_secs(10)).await.unwrap();

    let sent = next.load(Ordering::Relaxed);
    let consuming = start(&folder, "consumer", &env, config(None, Some(consumer))).await;
    let count = "SELECT count(*) FROM notification";
    while servers.postgres.psql("memory", count).await.unwrap().parse::<usize>().unwrap() < sent {
        assert_eq!(consuming.exit_status().unwrap(), None, "{}", consuming.log());
        sleep(Duration::from_millis(500)).await;
    }
    report(table, "memory of a consumer", format!("a backlog of {sent}"), &consuming);
    consuming.term_and_wait(Duration::from_secs(10)).await.unwrap();
}

fn config(producer: Option<ProducerConfig>, consumer: Option<ConsumerConfig>) -> WorkerConfig {
    WorkerConfig {
        version: VERSION,
        resource: ResourceRef { namespace: "bench".to_owned(), name: "bench".to_owned() },
        producer,
        consumer,
        api: None,
        cache: CacheConfig::default(),
        store: StoreConfig::default(),
        admin: AdminConfig { port: free_port().unwrap() },
        broker_tls: TlsConfig::default(),
        postgres_tls: TlsConfig::default(),
        redis_tls: TlsConfig::default(),
        telemetry: TelemetryConfig::default(),
    }
}

async fn start(folder: &Folder, role: &str, env: &[(&str, String)], config: WorkerConfig) -> Child {
    let path = folder.path().join(format!("{role}.yaml"));
    std::fs::write(&path, serde_yaml::to_string(&config).unwrap()).unwrap();
    let program = env!("CARGO_BIN_EXE_hoopoe");
    let mut options = ChildOptions::new(program).name(role).without_env("HOOPOE_").arg(role).arg("--config").arg(&path);
    for (variable, value) in env {
        options = options.env(variable, value);
    }
    let child = Child::start_in(&options, folder).unwrap();
    let ready = format!("http://127.0.0.1:{}/readyz", config.admin.port);
    wait_http(&child, &ready, Duration::from_secs(30)).await.unwrap();
    child
}

fn report(table: &mut Table, what: &str, of: String, child: &Child) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.pid())).unwrap();
    let mib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    };
    let ours = format!("now {:.0} own, {:.0} of the binary", mib("RssAnon:"), mib("RssFile:"));
    table.below(what, ours, of, (mib("VmHWM:"), GOAL), "MiB");
}
