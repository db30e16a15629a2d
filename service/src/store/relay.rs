//! The way to a Postgres whose certificate carries another name than the host of its URL.
//!
//! sqlx checks the certificate against the host that it connects to, and has no setting for another name. It does check
//! a TLS session over a Unix socket, though, against `host`, which then names nothing else. So a connection goes to a
//! socket of this process, and from there, byte for byte, to the server: TLS runs from end to end, and nothing is read
//! in between.

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

/// How long the server may take to accept a connection: sqlx waits no longer for the whole.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// It and its connections end when it is dropped.
pub(super) struct Relay {
    directory: PathBuf,
    _accepting: AbortOnDropHandle<()>,
}

impl Relay {
    /// Accepts at once; the server is connected to with the first connection. Needs no writable folder, because the
    /// socket is an abstract one. Only Linux has abstract sockets.
    pub(super) fn start(host: &str, port: u16) -> io::Result<Self> {
        let directory = PathBuf::from(format!("\0hoopoe-postgres-{}", uuid::Uuid::new_v4()));
        let listener = UnixListener::bind(directory.join(format!(".s.PGSQL.{port}")))?;
        let accepting = tokio::spawn(accept(listener, host.to_owned(), port));
        Ok(Self { directory, _accepting: AbortOnDropHandle::new(accepting) })
    }

    /// What sqlx takes as the folder of the socket.
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
                        // The caller sees its connection end, and calls that an outage; why it ended is known only
                        // here.
                        if let Err(error) = relay(near, &host, port).await {
                            tracing::warn!(host, port, %error, "failed to relay a connection to Postgres");
                        }
                    });
                }
                // Out of file descriptors, say: that passes.
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
