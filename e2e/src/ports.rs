//! Free loopback ports.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::error::{Error, Result};

/// The lowest port that is handed out. Servers that people start by hand use ports below it.
const LOWEST: u16 = 10_240;

static GIVEN: LazyLock<Mutex<HashSet<u16>>> = LazyLock::new(Mutex::default);

/// A TCP port of 127.0.0.1 on which no server listens. Each call within this process returns a different one.
///
/// The port is below the range from which the kernel takes the ports of outgoing connections. Otherwise a client that
/// reconnects to a killed server would get the server's own port once in about ten thousand attempts, and would then
/// connect to itself or keep the server from using the port again. Two processes may still get the same port; the
/// servers of this crate then try another one.
pub fn free_port() -> Result<u16> {
    let highest = outgoing_range_start();
    if highest <= LOWEST + 1_000 {
        return port_by_kernel();
    }
    let span = highest - LOWEST;
    // Start at a random port, so that two test processes rarely try the same ports.
    let random = RandomState::new().hash_one(std::process::id());
    let start = LOWEST + u16::try_from(random % u64::from(span)).unwrap_or(0);
    (start..highest).chain(LOWEST..start).find(|port| take(*port)).ok_or(Error::NoFreePort)
}

/// The first port of the kernel's range for outgoing connections.
fn outgoing_range_start() -> u16 {
    std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range")
        .ok()
        .and_then(|range| range.split_whitespace().next()?.parse().ok())
        .unwrap_or(32_768)
}

/// Asks the kernel for a port, on machines where nearly every port is in the kernel's range.
fn port_by_kernel() -> Result<u16> {
    for _ in 0..100 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::io("bind a loopback port"))?;
        let port = listener.local_addr().map_err(Error::io("read a listener's address"))?.port();
        if given().insert(port) {
            return Ok(port);
        }
    }
    Err(Error::NoFreePort)
}

fn take(port: u16) -> bool {
    let mut given = given();
    !given.contains(&port) && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() && given.insert(port)
}

fn given() -> std::sync::MutexGuard<'static, HashSet<u16>> {
    GIVEN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_free_and_differ() -> Result<()> {
        let ports = (0..50).map(|_| free_port()).collect::<Result<HashSet<_>>>()?;
        assert_eq!(ports.len(), 50);
        for port in ports {
            assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok(), "{port} is not free");
        }
        Ok(())
    }
}
