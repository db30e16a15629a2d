//! How a connection to Redis is opened: TCP, and TLS with our own authorities, client certificate and server name.

use std::{io, sync::Arc, time::Duration};

use hoopoe_crds::worker_config::TlsConfig;
use redis::{
    AsyncConnectionConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisError, RedisResult,
    aio::{MultiplexedConnection, PubSub},
};
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;

use super::super::CacheError;
use crate::tls;

/// The longest time for connecting and logging in.
const LIMIT: Duration = Duration::from_secs(2);
/// How many commands may wait to be written. Further callers wait for a place.
const BUFFER: usize = 1024;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Where Redis is, and how to connect. The client library could do all of this, except checking the certificate for
/// another name than the host that it connects to.
pub(super) struct Dialer {
    info: ConnectionInfo,
    host: String,
    port: u16,
    encrypted: bool,
    tls: TlsConfig,
}

impl Dialer {
    /// Reads the URL: `redis[s]://[user:password@]host:port[/database]`.
    pub(super) fn new(url: &str, tls: &TlsConfig) -> Result<Self, CacheError> {
        // The parser's error may repeat the URL, and so the password.
        let refused = |reason: &str| CacheError::Url(reason.to_owned());
        let form = "it is not of the form redis[s]://[user:password@]host:port[/database]";
        let info = url.into_connection_info().map_err(|_| refused(form))?;
        let (host, port, encrypted) = match info.addr() {
            ConnectionAddr::Tcp(host, port) => (host.clone(), *port, false),
            ConnectionAddr::TcpTls { insecure: true, .. } => {
                return Err(refused("#insecure is not supported: set caFile to the file of the CA instead"));
            }
            ConnectionAddr::TcpTls { host, port, .. } => (host.clone(), *port, true),
            _ => return Err(refused(form)),
        };
        let host = host.trim_matches(['[', ']']).to_owned();
        Ok(Self { info, host, port, encrypted, tls: tls.clone() })
    }

    /// A connection for commands, and the task that drives it.
    pub(super) async fn commands(&self) -> RedisResult<(MultiplexedConnection, AbortOnDropHandle<()>)> {
        let config = AsyncConnectionConfig::new()
            // No timeouts here: each call has its own.
            .set_response_timeout(None)
            .set_pipeline_buffer_size(BUFFER);
        limited(async {
            let stream = self.stream().await?;
            let settings = self.info.redis_settings();
            let (connection, driver) = MultiplexedConnection::new_with_config(settings, stream, config).await?;
            Ok((connection, AbortOnDropHandle::new(tokio::spawn(driver))))
        })
        .await
    }

    /// A connection for subscriptions.
    pub(super) async fn subscriptions(&self) -> RedisResult<PubSub> {
        limited(async { PubSub::new(self.info.redis_settings(), self.stream().await?).await }).await
    }

    async fn stream(&self) -> io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        // Nagle's algorithm, which waits to fill a packet, would add 40 ms to a call.
        stream.set_nodelay(true)?;
        if !self.encrypted {
            return Ok(Box::new(stream));
        }
        let name = self.tls.server_name.as_deref().unwrap_or(&self.host);
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let config = tls::client_config(&self.tls)?;
        Ok(Box::new(TlsConnector::from(Arc::clone(&config)).connect(name, stream).await?))
    }
}

async fn limited<T>(connecting: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    timeout(LIMIT, connecting).await.unwrap_or_else(|_| Err(RedisError::from(io::Error::from(io::ErrorKind::TimedOut))))
}
