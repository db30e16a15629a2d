//! A TCP proxy that can be cut or stalled, so that one process loses a server that others still reach.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::error::{Error, Result};
use crate::ports::free_port;

/// A TCP proxy on a loopback port. It and its connections end when this value is dropped or the runtime ends.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    orders: mpsc::Sender<(Order, oneshot::Sender<Result<()>>)>,
    stalled: watch::Sender<bool>,
}

#[derive(Debug, Clone, Copy)]
enum Order {
    Cut,
    Restore,
    Redirect(u16),
}

impl Proxy {
    /// Listens on a free port and forwards to a port of 127.0.0.1.
    pub async fn start(upstream: u16) -> Result<Self> {
        let listener = bind(free_port()?).await?;
        let address = listener.local_addr().map_err(Error::io("read the proxy's address"))?;
        let (orders, receiver) = mpsc::channel(1);
        let (stalled, stall) = watch::channel(false);
        let upstream = SocketAddr::from((Ipv4Addr::LOCALHOST, upstream));
        tokio::spawn(Actor { address, upstream, stall, links: JoinSet::new() }.run(listener, receiver));
        Ok(Self { address, orders, stalled })
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The URL with this proxy's port instead of `port`, the port of the upstream.
    pub fn url(&self, upstream_url: &str, port: u16) -> String {
        upstream_url.replacen(&format!(":{port}"), &format!(":{}", self.port()), 1)
    }

    /// Closes all connections and refuses new ones.
    pub async fn cut(&self) -> Result<()> {
        self.order(Order::Cut).await
    }

    /// Accepts connections again after a [`Proxy::cut`].
    pub async fn restore(&self) -> Result<()> {
        self.order(Order::Restore).await
    }

    /// Closes all connections and forwards new ones to another port of 127.0.0.1, like a failover that moves an
    /// address.
    pub async fn redirect(&self, upstream: u16) -> Result<()> {
        self.order(Order::Redirect(upstream)).await
    }

    /// Stops forwarding but closes no connection, like a network that loses every packet. New connections are accepted.
    pub fn stall(&self) {
        self.stalled.send_replace(true);
    }

    /// Forwards again, beginning with the bytes that were held back.
    pub fn unstall(&self) {
        self.stalled.send_replace(false);
    }

    async fn order(&self, order: Order) -> Result<()> {
        let gone = || Error::NotRunning { name: "the proxy".to_owned() };
        let (done, answer) = oneshot::channel();
        self.orders.send((order, done)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

struct Actor {
    address: SocketAddr,
    upstream: SocketAddr,
    stall: watch::Receiver<bool>,
    links: JoinSet<()>,
}

impl Actor {
    async fn run(mut self, listener: TcpListener, mut orders: mpsc::Receiver<(Order, oneshot::Sender<Result<()>>)>) {
        let mut listener = Some(listener);
        loop {
            tokio::select! {
                order = orders.recv() => {
                    let Some((order, done)) = order else { return };
                    let result = self.obey(order, &mut listener).await;
                    // Ignore the error: it only means that the caller no longer waits.
                    let _ = done.send(result);
                }
                client = accept(listener.as_ref()) => {
                    if let Ok((client, _)) = client {
                        self.links.spawn(link(client, self.upstream, self.stall.clone()));
                    }
                }
                Some(_ended) = self.links.join_next() => {}
            }
        }
    }

    async fn obey(&mut self, order: Order, listener: &mut Option<TcpListener>) -> Result<()> {
        match order {
            Order::Cut => {
                *listener = None;
                self.links.shutdown().await;
            }
            Order::Restore if listener.is_none() => *listener = Some(bind(self.address.port()).await?),
            Order::Restore => {}
            Order::Redirect(port) => {
                self.upstream.set_port(port);
                self.links.shutdown().await;
            }
        }
        Ok(())
    }
}

async fn bind(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(Error::io(format!("listen on port {port}")))
}

async fn accept(listener: Option<&TcpListener>) -> std::io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// Forwards in both directions until one side ends or fails. Bytes that were already read still reach the other side.
async fn link(client: TcpStream, upstream: SocketAddr, stall: watch::Receiver<bool>) {
    let Ok(server) = TcpStream::connect(upstream).await else {
        return;
    };
    // Without this, the kernel would wait to fill packets and add 40 ms to every small message.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (client_read, client_write) = client.into_split();
    let (server_read, server_write) = server.into_split();
    let there = forward(client_read, server_write, stall.clone());
    let back = forward(server_read, client_write, stall);
    // An error in one direction ends both.
    let _ = tokio::try_join!(there, back);
}

async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut stall: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        flowing(&mut stall).await?;
        let length = from.read(&mut buffer).await?;
        // While the proxy is stalled, the bytes that were read and the end of the connection wait here.
        flowing(&mut stall).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..length]).await?;
    }
}

async fn flowing(stall: &mut watch::Receiver<bool>) -> std::io::Result<()> {
    match stall.wait_for(|stalled| !stalled).await {
        Ok(_) => Ok(()),
        Err(_) => Err(std::io::ErrorKind::ConnectionAborted.into()),
    }
}
