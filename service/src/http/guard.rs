//! What stands before every route: a bound on concurrency, the caller's identity, a net below panics, and the request metrics.

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request},
    response::{IntoResponse, Response},
};
use futures::{FutureExt, future::Either};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::Semaphore;
use tower::{Layer, Service};

use super::{
    Caller, HttpMetrics, Problem,
    metrics::{RequestLabels, RouteLabels},
    route_names,
};

/// The layer. One per listener: its bound counts all requests of that listener.
#[derive(Clone)]
pub struct Guard {
    slots: Arc<Semaphore>,
    metrics: HttpMetrics,
    routes: Arc<[&'static str]>,
}

/// A route behind the guard.
#[derive(Clone)]
pub struct Guarded<S> {
    inner: S,
    guard: Guard,
}

impl Guard {
    /// At most `max_requests` at once; more get a 503.
    pub fn new(max_requests: usize, metrics: HttpMetrics) -> Self {
        Self { slots: Arc::new(Semaphore::new(max_requests)), metrics, routes: Arc::from([]) }
    }

    /// The templates that may become a label.
    #[must_use]
    pub(crate) fn with_routes(mut self, routes: impl Iterator<Item = String>) -> Self {
        self.routes = routes.map(|route| route_names::of(&route)).collect();
        self
    }

    fn route_of(&self, request: &Request) -> &'static str {
        let matched = request.extensions().get::<MatchedPath>().map(|path| path.as_str().trim_end_matches('/'));
        matched.and_then(|path| self.routes.iter().find(|route| **route == path)).copied().unwrap_or("unmatched")
    }
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, guard: self.clone() }
    }
}

/// Counts a request as in flight for as long as it lives, a client that hangs up included.
struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

type Answer = Result<Response, Infallible>;

impl<S> Service<Request> for Guarded<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Answer>, Pin<Box<dyn Future<Output = Answer> + Send>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let route = self.guard.route_of(&request);
        let metrics = self.guard.metrics.clone();
        let refuse = |problem: Problem| {
            let status = problem.status().as_u16();
            metrics.requests.get_or_create(&RequestLabels { route, status }).inc();
            Either::Left(ready(Ok(problem.into_response())))
        };
        let Ok(slot) = Arc::clone(&self.guard.slots).try_acquire_owned() else { return refuse(Problem::Busy) };
        match Caller::identify(request.headers()) {
            Ok(caller) => request.extensions_mut().insert(caller),
            Err(problem) => return refuse(problem),
        };
        let started = Instant::now();
        metrics.in_flight.inc();
        let in_flight = InFlight(metrics.in_flight.clone());
        let inner = self.inner.call(request);
        Either::Right(Box::pin(async move {
            let _held = (slot, in_flight);
            let response = match AssertUnwindSafe(inner).catch_unwind().await {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(_) => {
                    tracing::error!(route, "a handler panicked");
                    Problem::Internal.into_response()
                }
            };
            let status = response.status().as_u16();
            metrics.requests.get_or_create(&RequestLabels { route, status }).inc();
            metrics.seconds.get_or_create(&RouteLabels { route }).observe(started.elapsed().as_secs_f64());
            Ok(response)
        }))
    }
}
