//! `hoopoe-cluster` runs a Kubernetes cluster of two nodes with real pods until it gets SIGINT or SIGTERM.
//! `e2e/cluster.sh` starts it in the background.
//!
//! It prints its progress on standard error. When the cluster is ready, it writes a kubeconfig with all rights to the
//! file that its only argument names. It removes the file when the cluster ends.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use hoopoe_e2e::{Cluster, Error, Result};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let Some(kubeconfig) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: hoopoe-cluster FILE (the path to which the kubeconfig is written)");
        return ExitCode::from(2);
    };
    match run(&kubeconfig).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cluster: {}", chain(&error));
            ExitCode::FAILURE
        }
    }
}

async fn run(kubeconfig: &Path) -> Result<()> {
    let started = Instant::now();
    let say = |what: &str| eprintln!("cluster: {:>4.0} s  {what}", started.elapsed().as_secs_f64());
    let io = |what: &str| Error::io(what.to_owned());
    let mut interrupted = signal(SignalKind::interrupt()).map_err(io("listen for SIGINT"))?;
    let mut terminated = signal(SignalKind::terminate()).map_err(io("listen for SIGTERM"))?;
    let cluster = tokio::select! {
        cluster = start(&say) => cluster?,
        // The parts that were started already end with the process.
        _ = interrupted.recv() => return Ok(()),
        _ = terminated.recv() => return Ok(()),
    };
    // Rename the file into place, so that a program that waits for it never reads half of it.
    let unfinished = kubeconfig.with_extension("unfinished");
    std::fs::copy(cluster.plane().kubeconfig(), &unfinished).map_err(io("write the kubeconfig"))?;
    std::fs::rename(&unfinished, kubeconfig).map_err(io("write the kubeconfig"))?;
    say("ready");
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    say("ending");
    let ended = cluster.stop().await;
    std::fs::remove_file(kubeconfig).map_err(io("remove the kubeconfig"))?;
    say("gone");
    ended
}

async fn start(say: &impl Fn(&str)) -> Result<Cluster> {
    let cluster = Cluster::start(say).await?;
    say("starting RabbitMQ, PostgreSQL and Redis in pods");
    cluster.start_backends().await?;
    cluster.add_secrets().await?;
    Ok(cluster)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
