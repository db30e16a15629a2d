//! One attempt to connect.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use hoopoe_crds::worker_config::TlsConfig;
use lapin::{
    AsyncTcpStream, Connection, ConnectionProperties,
    tcp::RustlsConnector,
    uri::{AMQPScheme, AMQPUri},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::fault::Fault;
use crate::tls;

/// Seconds between heartbeats if the URL does not say. A frozen broker is noticed after twice that time at the latest.
const HEARTBEAT: u16 = 10;
/// The largest frame on a connection that publishes what we made ourselves. lapin keeps 32 of them in each direction:
/// with the 128 KiB that RabbitMQ offers, 8 MiB a connection. A longer body goes in several frames. Properties cannot
/// be split, but ours are below 2 KiB. Connections that carry messages of other senders keep the size that the broker
/// offers, because their headers may be that long.
const OWN_FRAME: u32 = 16 * 1024;
/// How long the TCP connection and TLS may take, and then the login.
const LIMIT: Duration = Duration::from_secs(5);

/// Where to connect to, and with which name and login.
pub(super) struct Dial {
    url: String,
    tls: TlsConfig,
    name: String,
    frame_max: Option<u32>,
    /// The last attempt got a TCP connection and no answer.
    silent: AtomicBool,
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DialError {
    /// There is no server, TLS failed, or the server did not answer.
    Unreachable(String),
    /// User, password, virtual host or client certificate is refused.
    Refused(String),
}

struct Target {
    uri: AMQPUri,
    host: String,
    port: u16,
}

impl Dial {
    pub(super) fn new(url: &str, tls: &TlsConfig, name: &str) -> Self {
        let silent = AtomicBool::new(false);
        Self { url: url.to_owned(), tls: tls.clone(), name: name.to_owned(), frame_max: None, silent }
    }

    /// Uses small frames, which take less memory. For connections that carry only messages that we made.
    #[must_use]
    pub(super) fn own_messages(mut self) -> Self {
        self.frame_max = Some(OWN_FRAME);
        self
    }

    /// The connection's name, as the broker shows it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Connects and logs in within ten seconds, or returns why it failed.
    pub(super) async fn connect(&self) -> Result<Connection, DialError> {
        let Target { uri, host, port } = self.target()?;
        let encrypted = uri.scheme == AMQPScheme::AMQPS;
        if self.silent.load(Ordering::Relaxed) && !encrypted {
            // lapin gives each attempt a thread, which waits for the server's first byte for ever. A frozen broker
            // would cost one more thread with every attempt. (With TLS, the handshake below has a limit already.)
            probe(&host, port).await.map_err(|error| DialError::Unreachable(error.to_string()))?;
        }
        let config = if encrypted {
            let failed = |error: io::Error| DialError::Unreachable(format!("TLS cannot be set up: {error}"));
            Some(tls::client_config(&self.tls).map_err(failed)?)
        } else {
            None
        };
        let server_name = self.tls.server_name.clone().unwrap_or_else(|| host.clone());
        let properties = ConnectionProperties::default().with_connection_name(self.name.as_str().into());
        let runtime = lapin::runtime::default_runtime().map_err(|error| DialError::Unreachable(error.to_string()))?;
        let stream = async move |_: AMQPUri, runtime| {
            let open = async {
                let addresses: Vec<_> = tokio::net::lookup_host((host.as_str(), port)).await?.collect();
                let stream = AsyncTcpStream::connect(&runtime, addresses).await?;
                match &config {
                    Some(config) => stream.into_rustls(&RustlsConnector::from(config.clone()), &server_name).await,
                    None => Ok(stream),
                }
            };
            let opened = timeout(LIMIT, open).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
            Ok(opened?)
        };
        let connect = Connection::connector(uri, runtime, stream, properties);
        let connected = timeout(LIMIT * 2, connect).await;
        self.silent.store(connected.is_err(), Ordering::Relaxed);
        match connected {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(match Fault::of(&error) {
                Fault::Refused(detail) => DialError::Refused(detail),
                other @ (Fault::NotFound(_) | Fault::Mismatch(_) | Fault::Gone(_)) => {
                    DialError::Unreachable(other.into_detail())
                }
            }),
            Err(_) => Err(DialError::Unreachable(format!("the broker did not answer within {:?}", LIMIT * 2))),
        }
    }

    fn target(&self) -> Result<Target, DialError> {
        // The parser's error may repeat the URL, and so the password.
        let unusable =
            || DialError::Unreachable("the URL is not of the form amqp[s]://user:password@host:port/vhost".to_owned());
        let url = reqwest::Url::parse(&self.url).map_err(|_| unusable())?;
        let mut uri: AMQPUri = self.url.parse().map_err(|_| unusable())?;
        // lapin reads an IPv6 address as "localhost", so the URL is read here.
        let host = url.host_str().filter(|host| !host.is_empty()).unwrap_or("localhost");
        let host = host.trim_matches(['[', ']']).to_owned();
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        uri.query.frame_max = uri.query.frame_max.or(self.frame_max);
        let port = uri.authority.port;
        Ok(Target { uri, host, port })
    }
}

/// Whether the server answers the first bytes of a connection.
async fn probe(host: &str, port: u16) -> io::Result<()> {
    let answer = async {
        let mut stream = TcpStream::connect((host, port)).await?;
        stream.write_all(b"AMQP\0\0\x09\x01").await?;
        stream.read_u8().await
    };
    match timeout(LIMIT, answer).await {
        Ok(answered) => answered.map(drop),
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, format!("the broker did not answer within {LIMIT:?}"))),
    }
}
