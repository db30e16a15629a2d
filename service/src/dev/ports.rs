//! The listeners of `hoopoe dev`. What a port serves can change while it listens.
//!
//! A producer and the inbox API can share a port. A second producer on a taken port gets the next free one.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use arc_swap::ArcSwap;
use axum::{Router, extract::Request, response::Response};
use hoopoe_web::{ServeError, ServerLimits, bind, serve};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;
use utoipa_axum::router::OpenApiRouter;

use crate::edge::http::{Guard, surface};

/// How many ports after the wanted one are tried.
const TRIES: u16 = 100;

/// What a port serves at present.
#[derive(Clone, Default)]
struct Served {
    producer: Option<(String, OpenApiRouter)>,
    api: Option<OpenApiRouter>,
}

struct Port {
    served: Served,
    router: Arc<ArcSwap<Router>>,
    stop: CancellationToken,
}

/// The ports of one process.
pub(super) struct Ports {
    ip: IpAddr,
    guard: Guard,
    open: BTreeMap<u16, Port>,
    tasks: TaskTracker,
}

impl Served {
    fn router(&self, guard: &Guard, stop: &CancellationToken) -> Router {
        let routes = [self.producer.as_ref().map(|(_, routes)| routes), self.api.as_ref()].into_iter().flatten();
        let routes = routes.fold(OpenApiRouter::new(), |all, routes| all.merge(routes.clone()));
        surface(routes, guard.clone().before(stop))
    }

    fn is_empty(&self) -> bool {
        self.producer.is_none() && self.api.is_none()
    }
}

impl Ports {
    /// The listeners on this address. No port is opened yet.
    pub(super) fn new(ip: IpAddr, guard: Guard) -> Self {
        Self { ip, guard, open: BTreeMap::new(), tasks: TaskTracker::new() }
    }

    /// Serves a producer on this port, or on the next one without another producer. Returns the port. A producer of the
    /// same name is replaced at that moment.
    pub(super) async fn serve_producer(
        &mut self,
        name: &str,
        wanted: u16,
        routes: OpenApiRouter,
    ) -> Result<u16, ServeError> {
        let mut last = None;
        for port in (wanted..=u16::MAX).take(usize::from(TRIES)) {
            let served = self.open.get(&port).and_then(|open| open.served.producer.as_ref());
            if served.is_some_and(|(other, _)| other != name) {
                continue;
            }
            match self.update(port, |served| served.producer = Some((name.to_owned(), routes.clone()))).await {
                Ok(()) => {
                    self.take_producer(name, Some(port)).await;
                    return Ok(port);
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| ServeError::PortInUse(SocketAddr::new(self.ip, wanted))))
    }

    /// Serves the inbox API on this port.
    pub(super) async fn serve_api(&mut self, port: u16, routes: OpenApiRouter) -> Result<(), ServeError> {
        self.update(port, |served| served.api = Some(routes)).await
    }

    /// Stops serving the producer of this name. Its port is closed if it serves nothing else.
    pub(super) async fn remove_producer(&mut self, name: &str) {
        self.take_producer(name, None).await;
    }

    /// Removes the producer of this name from every port except this one.
    async fn take_producer(&mut self, name: &str, but: Option<u16>) {
        let of_that_name = |open: &Port| open.served.producer.as_ref().is_some_and(|(other, _)| other == name);
        let ports: Vec<u16> = self.open.iter().filter(|(_, open)| of_that_name(open)).map(|(port, _)| *port).collect();
        for port in ports.into_iter().filter(|port| Some(*port) != but) {
            // This cannot fail, because removing opens no listener.
            let _ = self.update(port, |served| served.producer = None).await;
        }
    }

    /// Stops serving the inbox API on all ports except these.
    pub(super) async fn retain_api(&mut self, ports: &BTreeSet<u16>) {
        let others: Vec<u16> = self.open.keys().copied().filter(|port| !ports.contains(port)).collect();
        for port in others {
            // This cannot fail, because removing opens no listener.
            let _ = self.update(port, |served| served.api = None).await;
        }
    }

    /// The address of a port.
    pub(super) fn url(&self, port: u16) -> String {
        format!("http://{}", SocketAddr::new(self.ip, port))
    }

    /// Closes every listener, after the requests in progress have finished.
    pub(super) async fn close(&mut self) {
        for (_, port) in std::mem::take(&mut self.open) {
            port.stop.cancel();
        }
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn update(&mut self, number: u16, change: impl FnOnce(&mut Served)) -> Result<(), ServeError> {
        if let Some(port) = self.open.get_mut(&number) {
            change(&mut port.served);
            if port.served.is_empty() {
                port.stop.cancel();
                self.open.remove(&number);
            } else {
                port.router.store(Arc::new(port.served.router(&self.guard, &port.stop)));
            }
            return Ok(());
        }
        let mut served = Served::default();
        change(&mut served);
        if served.is_empty() {
            return Ok(());
        }
        let address = SocketAddr::new(self.ip, number);
        let listener = bind(address).await?;
        let stop = CancellationToken::new();
        let router = Arc::new(ArcSwap::from_pointee(served.router(&self.guard, &stop)));
        self.tasks.spawn(serve(listener, current(Arc::clone(&router)), ServerLimits::default(), stop.clone()));
        self.open.insert(number, Port { served, router, stop });
        Ok(())
    }
}

/// A router that passes each request to what the port serves at that moment.
fn current(router: Arc<ArcSwap<Router>>) -> Router {
    Router::new().fallback_service(tower::service_fn(move |request: Request| {
        let router = Router::clone(&router.load());
        async move { Ok::<Response, Infallible>(router.oneshot(request).await.unwrap_or_else(|never| match never {})) }
    }))
}
