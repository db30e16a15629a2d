//! `RabbitMQ`, with its management plugin.

mod files;
mod management;
mod plugins;
mod trixie;

use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::ca::TlsOptions;
use crate::error::Result;
use crate::lifecycle::{Shared, lifecycle};
use crate::server::Server;
use crate::tool;
use files::Node;

const START_LIMIT: Duration = Duration::from_mins(2);
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// Each command starts an Erlang virtual machine, which takes one or two seconds, and up to a minute on a busy machine.
const CTL_LIMIT: Duration = Duration::from_mins(4);
/// The share of the machine's memory that a node may use before it blocks publishers.
const WATERMARK: &str = "0.9";

static SHARED: Shared<RabbitMq> = Shared::new();

/// The version of `RabbitMQ` to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RabbitMqVersion {
    /// The machine's own package: 3.10 on Debian 12.
    #[default]
    Debian,
    /// 4.0 of Debian trixie, which `e2e/trixie.sh` installs into a separate folder. That needs root and debootstrap,
    /// and takes a minute the first time.
    Four,
}

/// How a [`RabbitMq`] is set up.
#[derive(Debug, Clone)]
pub struct RabbitMqOptions {
    /// The version to start.
    pub version: RabbitMqVersion,
    /// The administrator's name.
    pub user: String,
    /// The administrator's password. It may contain only letters and digits, because it is part of URLs.
    pub password: String,
    /// If set, the node has a second AMQP port, with TLS.
    pub tls: Option<TlsOptions>,
    /// Plugins to enable in addition to `rabbitmq_management`. If there are any, a start takes a second longer.
    pub plugins: Vec<String>,
    /// More lines of `rabbitmq.conf`.
    pub settings: Vec<String>,
}

impl Default for RabbitMqOptions {
    fn default() -> Self {
        Self {
            version: RabbitMqVersion::default(),
            user: "hoopoe".to_owned(),
            password: "secret".to_owned(),
            tls: None,
            plugins: Vec::new(),
            settings: Vec::new(),
        }
    }
}

/// A running node, alone in its cluster.
#[derive(Debug)]
pub struct RabbitMq {
    server: Server,
    node: Node,
    options: RabbitMqOptions,
}

lifecycle!(RabbitMq);

impl RabbitMq {
    /// Starts a node and waits until it accepts AMQP connections and answers on its management port.
    pub async fn start(options: RabbitMqOptions) -> Result<Self> {
        let root = match options.version {
            RabbitMqVersion::Debian => None,
            RabbitMqVersion::Four => Some(trixie::folder().await?),
        };
        let node = Node::write(&options, root)?;
        let server = Server::start(node.launch(), node.folder.clone(), Signal::TERM, STOP_LIMIT)?;
        let rabbitmq = Self { server, node, options };
        rabbitmq.wait_ready().await?;
        Ok(rabbitmq)
    }

    /// The node, with default options, that all tests of this process share. Each test creates its own virtual host in
    /// it, and no test stops it. It ends with the process.
    pub async fn shared() -> Result<Arc<Self>> {
        SHARED.get(async || Self::start(RabbitMqOptions::default()).await).await
    }

    /// `amqp://user:password@127.0.0.1:port/%2f`
    pub fn url(&self) -> String {
        self.url_of("/")
    }

    /// The URL of a virtual host. Only the character `/` of its name is escaped.
    pub fn url_of(&self, vhost: &str) -> String {
        self.amqp_url("amqp", self.node.ports.amqp, vhost)
    }

    /// The `amqps://…` URL of the virtual host `/`, if the node has TLS.
    pub fn tls_url(&self) -> Option<String> {
        Some(self.amqp_url("amqps", self.node.ports.amqps?, "/"))
    }

    /// `http://user:password@127.0.0.1:port`
    pub fn management_url(&self) -> String {
        let RabbitMqOptions { user, password, version: _, tls: _, plugins: _, settings: _ } = &self.options;
        format!("http://{user}:{password}@127.0.0.1:{}", self.node.ports.management)
    }

    /// The AMQP port without TLS.
    pub fn port(&self) -> u16 {
        self.node.ports.amqp
    }

    /// The port of the management plugin.
    pub fn management_port(&self) -> u16 {
        self.node.ports.management
    }

    /// Stops the node and its epmd with SIGTERM. It takes 6 s, because the management plugin waits for 5 s.
    pub async fn stop(&self) -> Result<()> {
        self.server.stop().await
    }

    /// Kills all its processes with `kill -9`.
    ///
    /// A quorum queue that was declared less than half a second before is lost, on 3.10 and on 4.0: after a restart,
    /// every request for it waits forever. The reason is that Ra saves its register of queues (`ra_directory`, a dets
    /// table) only half a second after a change.
    pub async fn kill9(&self) -> Result<()> {
        self.server.kill9().await
    }

    /// Raises the memory alarm: connections that publish are blocked (`connection.blocked`).
    pub async fn block_publishers(&self) -> Result<()> {
        self.ctl(&["set_vm_memory_high_watermark", "0"]).await.map(drop)
    }

    /// Clears the alarm of [`RabbitMq::block_publishers`].
    pub async fn unblock_publishers(&self) -> Result<()> {
        self.ctl(&["set_vm_memory_high_watermark", WATERMARK]).await.map(drop)
    }

    /// Returns the output of a `rabbitmqctl` command. It takes one or two seconds, so prefer the management API.
    pub async fn ctl(&self, args: &[&str]) -> Result<String> {
        tool::run(self.node.ctl(args), CTL_LIMIT).await
    }

    async fn wait_ready(&self) -> Result<()> {
        let ready = || async { self.speaks_amqp().await && self.get("/api/whoami").await.is_ok() };
        self.server.child()?.wait_until("AMQP and the management API", START_LIMIT, ready).await
    }

    /// Whether the node answers the first bytes of a connection with `connection.start`, a method frame on channel 0.
    async fn speaks_amqp(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.node.ports.amqp)).await else {
            return false;
        };
        let mut answer = [0; 3];
        stream.write_all(b"AMQP\0\0\x09\x01").await.is_ok()
            && stream.read_exact(&mut answer).await.is_ok()
            && answer == [1, 0, 0]
    }

    fn amqp_url(&self, scheme: &str, port: u16, vhost: &str) -> String {
        let RabbitMqOptions { user, password, version: _, tls: _, plugins: _, settings: _ } = &self.options;
        format!("{scheme}://{user}:{password}@127.0.0.1:{port}/{}", vhost.replace('/', "%2f"))
    }
}
