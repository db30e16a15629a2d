//! One worker of the real binary. It can be killed, frozen, drained, and started again on the same ports.

use std::{process::ExitStatus, time::Duration};

use hoopoe_crds::worker_config::WorkerConfig;
use hoopoe_e2e::{Child, ChildOptions, Folder, free_port, wait_http};
use tokio::time::Instant;

/// How long a worker may take until it is ready.
const READY_LIMIT: Duration = Duration::from_mins(1);

pub struct Worker {
    name: String,
    options: ChildOptions,
    folder: Folder,
    admin: u16,
    child: Child,
}

impl Worker {
    /// Writes the worker's configuration and starts it.
    pub fn start(folder: &Folder, role: &str, index: usize, env: &[(&str, String)], config: WorkerConfig) -> Self {
        let name = format!("{role}-{index}");
        let admin = free_port().unwrap();
        let config = WorkerConfig { admin: hoopoe_crds::worker_config::AdminConfig { port: admin }, ..config };
        let path = folder.path().join(format!("{name}.yaml"));
        std::fs::write(&path, serde_yaml::to_string(&config).unwrap()).unwrap();
        let mut options = ChildOptions::new(env!("CARGO_BIN_EXE_hoopoe"))
            .name(&name)
            .without_env("HOOPOE_")
            .env("RUST_BACKTRACE", "1")
            .arg(role)
            .arg("--config")
            .arg(&path);
        for (variable, value) in env {
            options = options.env(variable, value);
        }
        let child = Child::start_in(&options, folder).unwrap();
        Self { name, options, folder: folder.clone(), admin, child }
    }

    /// Waits until it is ready.
    pub async fn ready(&self) {
        wait_http(&self.child, &format!("http://127.0.0.1:{}/readyz", self.admin), READY_LIMIT).await.unwrap();
    }

    /// Starts it again after its end.
    pub async fn restart(&mut self) {
        self.child = Child::start_in(&self.options, &self.folder).unwrap();
        self.ready().await;
    }

    /// `kill -9`.
    pub async fn kill9(&self) {
        self.child.kill9().await.unwrap();
    }

    /// SIGSTOP.
    pub fn freeze(&self) {
        self.child.pause();
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.child.resume();
    }

    /// Sends SIGTERM; returns the exit status and how long the end took.
    pub async fn drain(&self, limit: Duration) -> (ExitStatus, Duration) {
        let began = Instant::now();
        let status = self.child.term_and_wait(limit).await.unwrap();
        (status, began.elapsed())
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The panics in its log: a worker may survive one.
    pub fn panics(&self) -> Vec<String> {
        let log = self.child.log();
        log.lines().filter(|line| line.contains("panicked at")).map(str::to_owned).collect()
    }

    /// The end of its log.
    pub fn log_end(&self, lines: usize) -> String {
        let log = self.child.log();
        let all: Vec<_> = log.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}
