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
use crate::server::{ATTEMPTS, Server};
use crate::tool;
use files::Node;

const START_LIMIT: Duration = Duration::from_mins(2);
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// Each command starts an Erlang of its own, which takes a second or two, and a minute on a machine with much else to do.
const CTL_LIMIT: Duration = Duration::from_mins(4);
/// The share of the machine's memory that a node may use before it blocks publishers.
const WATERMARK: &str = "0.9";

static SHARED: Shared<RabbitMq> = Shared::new();

/// Which `RabbitMQ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RabbitMqVersion {
    /// The machine's own package: 3.10 on Debian 12.
    #[default]
    Debian,
    /// 4.0 of Debian trixie, put by `e2e/trixie.sh` into a folder of its own. Needs root and debootstrap, and a minute the
    /// first time.
    Four,
}

/// How a [`RabbitMq`] is set up.
#[derive(Debug, Clone)]
pub struct RabbitMqOptions {
    /// Which one.
    pub version: RabbitMqVersion,
    /// The administrator's name.
    pub user: String,
    /// Its password. Letters and digits only, for it stands in URLs.
    pub password: String,
    /// One more AMQP port, with TLS.
    pub tls: Option<TlsOptions>,
    /// Plugins to enable beside `rabbitmq_management`. With any, a start takes a second longer.
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
    /// Starts one and waits until it takes AMQP connections and answers on its management port.
    pub async fn start(options: RabbitMqOptions) -> Result<Self> {
        let root = match options.version {
            RabbitMqVersion::Debian => None,
            RabbitMqVersion::Four => Some(trixie::folder().await?),
        };
        let mut attempt = 1;
        loop {
            let node = Node::write(&options, root.clone())?;
            let server = Server::start(node.launch(), node.folder.clone(), Signal::TERM, STOP_LIMIT)?;
            let rabbitmq = Self { server, node, options: options.clone() };
            match rabbitmq.wait_ready().await {
                Err(error) if error.is_port_taken() && attempt < ATTEMPTS => attempt += 1,
                result => return result.map(|()| rabbitmq),
            }
        }
    }

    /// The node, with default options, that all tests of this process share: each makes a virtual host of its own in it,
    /// and none stops it. It ends with the process.
    pub async fn shared() -> Result<Arc<Self>> {
        SHARED.get(async || Self::start(RabbitMqOptions::default()).await).await
    }

    /// `amqp://user:password@127.0.0.1:port/%2f`
    pub fn url(&self) -> String {
        self.url_of("/")
    }

    /// The URL of a virtual host. Of its name's characters only `/` is escaped.
    pub fn url_of(&self, vhost: &str) -> String {
        self.amqp_url("amqp", self.node.ports.amqp, vhost)
    }

    /// `amqps://…` of the virtual host `/`, where TLS was asked for.
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

    /// Ends it gently, and its epmd. That takes 6 s, 5 of which the management plugin waits for itself.
    pub async fn stop(&self) -> Result<()> {
        self.server.stop().await
    }

    /// `kill -9` of all its processes.
    ///
    /// A quorum queue that was declared less than half a second ago does not come back from it, on 3.10 and on 4.0: after a
    /// restart, whoever asks for it waits for ever. Ra's register of queues (`ra_directory`, a dets table) is saved only then.
    pub async fn kill9(&self) -> Result<()> {
        self.server.kill9().await
    }

    /// Raises the memory alarm: connections that publish are blocked (`connection.blocked`).
    pub async fn block_publishers(&self) -> Result<()> {
        self.ctl(&["set_vm_memory_high_watermark", "0"]).await.map(drop)
    }

    /// Ends the alarm of [`RabbitMq::block_publishers`].
    pub async fn unblock_publishers(&self) -> Result<()> {
        self.ctl(&["set_vm_memory_high_watermark", WATERMARK]).await.map(drop)
    }

    /// What `rabbitmqctl` prints for a command. It takes a second or two: prefer the management API.
    pub async fn ctl(&self, args: &[&str]) -> Result<String> {
        tool::run(self.node.ctl(args), CTL_LIMIT).await
    }

    async fn wait_ready(&self) -> Result<()> {
        let ready = || async { self.speaks_amqp().await && self.get("/api/whoami").await.is_ok() };
        self.server.child()?.wait_until("AMQP and the management API", START_LIMIT, ready).await
    }

    /// Whether a connection's first bytes are answered by `connection.start`, a method frame on channel 0.
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
