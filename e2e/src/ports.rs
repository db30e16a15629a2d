//! Loopback ports that belong to one test process until it ends.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{LazyLock, Mutex, PoisonError};

use tokio::net::TcpSocket;

use crate::error::{Error, Result};

/// The sockets that keep the ports of this process from all others.
static HELD: LazyLock<Mutex<Vec<TcpSocket>>> = LazyLock::new(Mutex::default);

/// A TCP port of 127.0.0.1 on which no server listens, and which no other call gets, in any process, while this process
/// runs. A server that was killed or a proxy that was cut therefore finds its port free when it comes back.
///
/// A socket that does not listen holds the port. Connections to the port are refused until a server listens. A server
/// can listen on it, because both have `SO_REUSEADDR`, which nearly every server sets. The kernel gives the port to no
/// program that asks for any free one, and to no outgoing connection.
pub fn free_port() -> Result<u16> {
    let reserve = || -> std::io::Result<(TcpSocket, u16)> {
        let socket = TcpSocket::new_v4()?;
        // With the option set before, the kernel could choose a port that another process holds in the same way.
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        socket.set_reuseaddr(true)?;
        let port = socket.local_addr()?.port();
        Ok((socket, port))
    };
    let (socket, port) = reserve().map_err(Error::io("reserve a loopback port"))?;
    HELD.lock().unwrap_or_else(PoisonError::into_inner).push(socket);
    Ok(port)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_port_is_for_servers_of_this_process_alone() -> Result<()> {
        let ports = (0..50).map(|_| free_port()).collect::<Result<HashSet<_>>>()?;
        assert_eq!(ports.len(), 50);
        for port in ports {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            for start in ["first", "second"] {
                let server = TcpListener::bind(address);
                assert!(server.is_ok_and(|_| TcpStream::connect(address).is_ok()), "{start} server on {port}");
                let refused = TcpStream::connect(address).err().map(|error| error.kind());
                assert_eq!(refused, Some(std::io::ErrorKind::ConnectionRefused), "{port} between two servers");
            }
            // This is how another process looks for a free port.
            let other = TcpSocket::new_v4().map_err(Error::io("make a socket"))?;
            assert!(other.bind(address).is_err(), "{port} could be taken");
        }
        Ok(())
    }
}
