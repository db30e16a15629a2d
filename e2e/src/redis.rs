//! Redis.

use std::time::Duration;

use rustix::process::Signal;

use crate::ca::{PemPair, TlsOptions};
use crate::child_options::ChildOptions;
use crate::error::Result;
use crate::folder::Folder;
use crate::lifecycle::lifecycle;
use crate::ports::free_port;
use crate::server::Server;
use crate::tool;

const START_LIMIT: Duration = Duration::from_secs(30);

/// How a [`Redis`] is set up. By default it has no password and no TLS, and keeps no data over a restart.
#[derive(Debug, Clone, Default)]
pub struct RedisOptions {
    /// The password that clients must send.
    pub password: Option<String>,
    /// If set, the server has a second port, with TLS.
    pub tls: Option<TlsOptions>,
    /// Whether the server writes all data to disk (`appendfsync always`), so that it survives a restart.
    pub persistent: bool,
    /// More settings of `redis.conf`, as (name, value).
    pub settings: Vec<(String, String)>,
}

/// A running `redis-server`.
#[derive(Debug)]
pub struct Redis {
    server: Server,
    port: u16,
    tls_port: Option<u16>,
    password: Option<String>,
}

lifecycle!(Redis);

impl Redis {
    /// Starts a server and waits until it answers.
    pub async fn start(options: RedisOptions) -> Result<Self> {
        let folder = Folder::new()?;
        let port = free_port()?;
        let mut launch = ChildOptions::new("redis-server").arg("--port").arg(port.to_string());
        launch = launch.args(["--bind", "127.0.0.1", "--dir"]).arg(folder.path());
        launch = launch.args(["--daemonize", "no", "--save", ""]);
        let tls_port = match &options.tls {
            Some(tls) => {
                let tls_port = free_port()?;
                let PemPair { certificate, key } = tls.server_cert()?;
                launch = launch.arg("--tls-port").arg(tls_port.to_string());
                launch = launch.arg("--tls-cert-file").arg(certificate).arg("--tls-key-file").arg(key);
                launch = launch.arg("--tls-ca-cert-file").arg(tls.ca.certificate());
                launch = launch.arg("--tls-auth-clients").arg(if tls.client_certs { "yes" } else { "no" });
                Some(tls_port)
            }
            None => None,
        };
        if let Some(password) = &options.password {
            launch = launch.arg("--requirepass").arg(password);
        }
        if options.persistent {
            launch = launch.args(["--appendonly", "yes", "--appendfsync", "always"]);
        }
        for (name, value) in &options.settings {
            launch = launch.arg(format!("--{name}")).arg(value);
        }
        let server = Server::start(launch, folder, Signal::TERM, Duration::from_secs(10))?;
        let redis = Self { server, port, tls_port, password: options.password };
        redis.wait_ready().await?;
        Ok(redis)
    }

    /// `redis://[:password@]127.0.0.1:port/`
    pub fn url(&self) -> String {
        self.url_with("redis", self.port)
    }

    /// `rediss://…`, if the server has TLS.
    pub fn tls_url(&self) -> Option<String> {
        Some(self.url_with("rediss", self.tls_port?))
    }

    /// The port without TLS.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops the server with SIGTERM.
    pub async fn stop(&self) -> Result<()> {
        self.server.stop().await
    }

    /// Kills the server with `kill -9`.
    pub async fn kill9(&self) -> Result<()> {
        self.server.kill9().await
    }

    /// Removes all keys.
    pub async fn flush(&self) -> Result<()> {
        self.cli(&["flushall"]).await.map(drop)
    }

    /// Returns the output of a `redis-cli` command.
    pub async fn cli(&self, args: &[&str]) -> Result<String> {
        let mut command = tokio::process::Command::new("redis-cli");
        command.args(["-h", "127.0.0.1", "-e", "-p"]).arg(self.port.to_string()).args(args);
        if let Some(password) = &self.password {
            command.env("REDISCLI_AUTH", password);
        }
        Ok(tool::run(command, START_LIMIT).await?.trim_end().to_owned())
    }

    async fn wait_ready(&self) -> Result<()> {
        let ready = || async { self.cli(&["ping"]).await.is_ok_and(|answer| answer == "PONG") };
        self.server.child()?.wait_until("PONG to a ping", START_LIMIT, ready).await
    }

    fn url_with(&self, scheme: &str, port: u16) -> String {
        match &self.password {
            Some(password) => format!("{scheme}://:{password}@127.0.0.1:{port}/"),
            None => format!("{scheme}://127.0.0.1:{port}/"),
        }
    }
}
