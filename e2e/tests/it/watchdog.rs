//! A killed test process leaves no processes and no folders.

use std::path::Path;
use std::time::Duration;

use hoopoe_e2e::{
    Child, ChildOptions, ControlPlane, Postgres, PostgresOptions, RabbitMq, Redis, RedisOptions, Result,
    processes_under,
};

/// This variable is set only in the process that the test kills. Without it the victim test ends at once, so that a run
/// of all ignored tests passes.
const WAIT: &str = "HOOPOE_E2E_WAIT";

/// The test below starts this test in a separate process and kills that.
#[tokio::test]
#[ignore = "waits to be killed"]
async fn starts_servers_and_waits() -> Result<()> {
    if std::env::var_os(WAIT).is_none() {
        return Ok(());
    }
    let redis = Redis::start(RedisOptions::default()).await?;
    let postgres = Postgres::start(PostgresOptions::default()).await?;
    let rabbitmq = RabbitMq::shared().await?;
    let plane = ControlPlane::start_with_nodes(1).await?;
    redis.pause()?;
    let planes = plane.pids()?.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
    println!("started {} {} {} {planes} .", redis.pid()?, postgres.pid()?, rabbitmq.pid()?);
    std::future::pending().await
}

#[tokio::test]
async fn a_killed_test_leaves_nothing() -> Result<()> {
    let folder = hoopoe_e2e::Folder::new()?;
    let program = std::env::current_exe().unwrap_or_default();
    let options =
        ChildOptions::new(program).args(["--ignored", "--exact", "watchdog::starts_servers_and_waits", "--nocapture"]);
    let test = Child::start(&options.env("TMPDIR", folder.path()).env(WAIT, "1"))?;
    let started = || async { test.log().lines().any(|line| line.starts_with("started ") && line.ends_with('.')) };
    test.wait_until("the servers", Duration::from_mins(2), started).await?;

    let log = test.log();
    let words = log.lines().filter_map(|line| line.strip_prefix("started ")).flat_map(|line| line.split(' '));
    let all: Vec<u32> = words.filter_map(|word| word.parse().ok()).flat_map(processes_under).collect();
    assert!(all.len() > 15, "postgres, redis, beam, epmd and a control plane are more than {all:?}");
    assert!(folders(folder.path()) > 0);

    // Kill only that process, because the watchdog must end the processes that it has started.
    let kill = std::process::Command::new("kill").args(["-9", &test.pid().to_string()]).status();
    assert!(kill.is_ok_and(|status| status.success()));
    let gone = async {
        while all.iter().any(|pid| !processes_under(*pid).is_empty()) || folders(folder.path()) > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(10), gone).await.is_ok(), "left: {all:?} or files");
    Ok(())
}

fn folders(path: &Path) -> usize {
    std::fs::read_dir(path).map_or(0, Iterator::count)
}
