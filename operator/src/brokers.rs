//! All brokers that our resources point at, and the only place that names the kinds of brokers.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use crate::{
    dereference::BrokerAccess,
    rabbitmq,
    topology::{BrokerError, Topology},
};

/// How long a broker is kept after its last use. Each resource uses its broker once a minute.
const KEPT: Duration = Duration::from_secs(600);

/// Opens the broker that the Secrets point at. It connects with the first request.
pub fn open(access: &BrokerAccess) -> Result<Arc<dyn Topology>, BrokerError> {
    Ok(Arc::new(rabbitmq::Broker::new(access)?))
}

/// One connection for each address, virtual host and user. A rotated password is another broker; the old one goes after
/// a while.
#[derive(Debug, Default)]
pub struct Brokers(Mutex<HashMap<[u8; 32], Used>>);

/// A broker, and when a resource asked for it last.
#[derive(Debug)]
struct Used {
    at: Instant,
    broker: Arc<dyn Topology>,
}

impl Brokers {
    /// The broker of an address: an open connection if there is one, otherwise a new one.
    pub fn broker(&self, access: &BrokerAccess) -> Result<Arc<dyn Topology>, BrokerError> {
        let key = key(access);
        let mut brokers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(used) = brokers.get_mut(&key) {
            used.at = Instant::now();
            return Ok(used.broker.clone());
        }
        brokers.retain(|_, used| used.at.elapsed() < KEPT);
        let broker = open(access)?;
        brokers.insert(key, Used { at: Instant::now(), broker: broker.clone() });
        Ok(broker)
    }
}

/// Passwords are compared by their hash, so that the table holds none.
fn key(access: &BrokerAccess) -> [u8; 32] {
    let management = &access.management;
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    add(management.url.as_bytes());
    add(access.vhost.as_bytes());
    add(management.username.as_bytes());
    add(management.password.expose_secret().as_bytes());
    if let Some(tls) = &management.tls {
        add(tls.ca.as_deref().unwrap_or_default());
        if let Some((certificate, key)) = &tls.identity {
            add(certificate);
            add(key.expose_secret().as_bytes());
        }
        add(tls.server_name.as_deref().unwrap_or_default().as_bytes());
    }
    hash.finalize().into()
}
