//! The way to a Postgres whose certificate has another name than the host in its URL.
//!
//! sqlx checks the certificate against the host that it connects to, and has no setting for another name. But over a
//! Unix socket, where `host` has no other use, it checks a TLS session against `host`. So sqlx connects to a socket of
//! this process, and the relay copies every byte to the server. TLS runs from end to end; the relay reads nothing.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpStream, UnixListener, UnixStream},
    task::JoinSet,
};
use tokio_util::task::AbortOnDropHandle;

/// How long the server may take to accept a connection. sqlx waits no longer for the whole connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// A relay. It and its connections end when it is dropped.
pub(super) struct Relay {
    directory: PathBuf,
    _accepting: AbortOnDropHandle<()>,
}

impl Relay {
    /// Starts to accept. It connects to the server only with the first connection. It needs no writable folder, because
    /// the socket is an abstract one, which only Linux has.
    pub(super) fn start(host: &str, port: u16) -> io::Result<Self> {
        let directory = PathBuf::from(format!("\0hoopoe-postgres-{}", uuid::Uuid::new_v4()));
        let listener = UnixListener::bind(directory.join(format!(".s.PGSQL.{port}")))?;
        let accepting = tokio::spawn(accept(listener, host.to_owned(), port));
        Ok(Self { directory, _accepting: AbortOnDropHandle::new(accepting) })
    }

    /// The value that sqlx takes as the folder of the socket.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }
}

async fn accept(listener: UnixListener, host: String, port: u16) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((near, _)) => {
                    let host = host.clone();
                    connections.spawn(async move {
                        // The caller sees that its connection ended and reports an outage. Only this place knows the
                        // cause.
                        if let Err(error) = relay(near, &host, port).await {
                            tracing::warn!(host, port, %error, "failed to relay a connection to Postgres");
                        }
                    });
                }
                // For example, no file descriptor is free. Such an error passes.
                Err(error) => {
                    tracing::warn!(%error, "failed to accept a connection to Postgres");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn relay(mut near: UnixStream, host: &str, port: u16) -> io::Result<()> {
    let mut far = tokio::time::timeout(CONNECT_LIMIT, TcpStream::connect((host, port))).await??;
    far.set_nodelay(true)?;
    copy_bidirectional(&mut near, &mut far).await.map(|_| ())
}
