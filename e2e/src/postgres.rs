//! `PostgreSQL`.

mod cluster;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;

use crate::ca::TlsOptions;
use crate::error::Result;
use crate::lifecycle::{Shared, lifecycle};
use crate::ports::free_port;
use crate::server::Server;
use crate::tool;
use cluster::Cluster;

const START_LIMIT: Duration = Duration::from_mins(1);
const STOP_LIMIT: Duration = Duration::from_secs(20);

static SHARED: Shared<Postgres> = Shared::new();

/// How clients prove their identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PostgresAuth {
    /// Clients need no proof.
    Trust,
    /// By the password (`scram-sha-256`).
    #[default]
    Password,
    /// By a certificate whose common name is the user's name. It needs TLS.
    Certificate,
}

/// How a [`Postgres`] is set up. By default it has a password, no TLS, and fsync is on.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// The superuser's name.
    pub user: String,
    /// The superuser's password. It may contain only letters and digits, because it is part of URLs.
    pub password: String,
    /// How clients prove their identity.
    pub auth: PostgresAuth,
    /// If set, the server accepts TCP connections only with TLS.
    pub tls: Option<TlsOptions>,
    /// Whether the server writes a commit to disk before it confirms it.
    pub fsync: bool,
    /// More settings of `postgresql.conf`, as (name, value).
    pub settings: Vec<(String, String)>,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            user: "hoopoe".to_owned(),
            password: "secret".to_owned(),
            auth: PostgresAuth::default(),
            tls: None,
            fsync: true,
            settings: Vec::new(),
        }
    }
}

/// A running server of the newest installed version, with its own cluster on disk.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    cluster: Cluster,
    port: u16,
    options: PostgresOptions,
}

lifecycle!(Postgres);

impl Postgres {
    /// Creates a cluster, starts its server and waits until it answers.
    pub async fn start(options: PostgresOptions) -> Result<Self> {
        Self::serve(Cluster::init(&options).await?, options).await
    }

    /// Starts a streaming replica of this server, from a copy that `pg_basebackup` makes. It answers reads at once. It
    /// is asynchronous, unless the `synchronous_standby_names` of this server make it synchronous.
    pub async fn standby(&self) -> Result<Self> {
        let cluster = self.cluster.copy(self.port, &self.options.user).await?;
        Self::serve(cluster, self.options.clone()).await
    }

    /// Promotes a standby to a primary. When this returns, the server accepts writes.
    pub async fn promote(&self) -> Result<()> {
        self.psql("postgres", "SELECT pg_promote()").await.map(drop)
    }

    async fn serve(cluster: Cluster, options: PostgresOptions) -> Result<Self> {
        let port = free_port()?;
        let launch = cluster.launch(&options, port)?;
        let server = Server::start(launch, cluster.folder.clone(), Signal::INT, STOP_LIMIT)?;
        let postgres = Self { server, cluster, port, options };
        postgres.wait_ready().await?;
        Ok(postgres)
    }

    /// The server, with default options, that all tests of this process share. Each test creates its own database in
    /// it, and no test stops it. It ends with the process.
    pub async fn shared() -> Result<Arc<Self>> {
        SHARED.get(async || Self::start(PostgresOptions::default()).await).await
    }

    /// The URL of the database `postgres`. With TLS it asks for `sslmode=verify-full` and names the authority's file.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The URL of a database of that name.
    pub fn url_of(&self, database: &str) -> String {
        let PostgresOptions { user, password, auth, tls, fsync: _, settings: _ } = &self.options;
        let login = match auth {
            PostgresAuth::Password => format!("{user}:{password}"),
            PostgresAuth::Trust | PostgresAuth::Certificate => user.clone(),
        };
        let url = format!("postgres://{login}@127.0.0.1:{}/{database}", self.port);
        match tls {
            Some(tls) => format!("{url}?sslmode=verify-full&sslrootcert={}", tls.ca.certificate().display()),
            None => url,
        }
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its programs (`psql`, `pg_ctl`, …).
    pub fn programs(&self) -> &PathBuf {
        &self.cluster.programs
    }

    /// Creates an empty database and returns its URL.
    pub async fn create_database(&self, name: &str) -> Result<String> {
        self.psql("postgres", &format!("CREATE DATABASE \"{name}\"")).await?;
        Ok(self.url_of(name))
    }

    /// Runs statements as the superuser, without TLS and `auth`. Returns a line for each row, with `|` between columns.
    pub async fn psql(&self, database: &str, statements: &str) -> Result<String> {
        let mut command = tokio::process::Command::new(self.cluster.programs.join("psql"));
        command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]);
        command.arg("--host").arg(self.cluster.folder.path()).arg("--port").arg(self.port.to_string());
        command.args(["--username", &self.options.user, "--dbname", database, "--command", statements]);
        Ok(tool::run(command, START_LIMIT).await?.trim_end().to_owned())
    }

    /// Stops the server with a fast shutdown: it rolls back open transactions and writes committed ones to disk.
    pub async fn stop(&self) -> Result<()> {
        self.server.stop().await
    }

    /// Kills all its processes with `kill -9`.
    pub async fn kill9(&self) -> Result<()> {
        self.server.kill9().await
    }

    async fn wait_ready(&self) -> Result<()> {
        let ready = || async { self.psql("postgres", "SELECT 1").await.is_ok() };
        self.server.child()?.wait_until("an answer to SELECT 1", START_LIMIT, ready).await
    }
}
