//! Runs before every route: a limit on concurrency, the verifier, a catch for panics, and the request metrics.

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    mem,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use futures::{FutureExt, future::Either};
use hoopoe_web::{ProblemKind, bearer_token};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::{Layer, Service};

use super::{
    Draining, HttpMetrics, Problem,
    extract::Admission,
    held_body::hold,
    metrics::{RequestLabels, RouteLabels},
    route_names,
};
use crate::identity::{Caller, Credentials, Verification, Verifier, VerifyError};

/// The layer. Make one per listener, because its limit counts all requests of that listener.
#[derive(Clone)]
pub struct Guard {
    slots: Arc<Semaphore>,
    metrics: HttpMetrics,
    verifier: Arc<dyn Verifier>,
    draining: Draining,
    routes: Arc<[&'static str]>,
}

/// A route behind the guard.
#[derive(Clone)]
pub struct Guarded<S> {
    route: S,
    guard: Guard,
}

impl Guard {
    /// Lets at most `max_requests` through at once and answers others with 503. `stop` is the token that ends the
    /// listener.
    pub fn new(
        max_requests: usize,
        metrics: HttpMetrics,
        verifier: Arc<dyn Verifier>,
        stop: &CancellationToken,
    ) -> Self {
        let (slots, draining) = (Arc::new(Semaphore::new(max_requests)), Draining::of(stop));
        Self { slots, metrics, verifier, draining, routes: Arc::from([]) }
    }

    /// The same guard, with the same limit, before another listener.
    #[must_use]
    pub fn before(mut self, stop: &CancellationToken) -> Self {
        self.draining = Draining::of(stop);
        self
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

    fn admit(&self, request: &mut Request, caller: Caller) {
        request.extensions_mut().insert(Admission { caller, draining: self.draining.clone() });
    }
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, route: S) -> Guarded<S> {
        Guarded { route, guard: self.clone() }
    }
}

fn credentials(headers: &HeaderMap) -> Credentials<'_> {
    match bearer_token(headers) {
        Ok(None) => Credentials::None,
        Ok(Some(token)) => Credentials::Bearer(token),
        Err(_) => Credentials::Unreadable,
    }
}

/// The resources of a request, from its arrival until the body of its answer has ended or the client has hung up.
struct Occupied {
    in_flight: Gauge,
    _slot: OwnedSemaphorePermit,
}

impl Occupied {
    fn new(in_flight: &Gauge, slot: OwnedSemaphorePermit) -> Self {
        in_flight.inc();
        Self { in_flight: in_flight.clone(), _slot: slot }
    }
}

impl Drop for Occupied {
    fn drop(&mut self) {
        self.in_flight.dec();
    }
}

type Answer = Result<Response, Infallible>;

/// What the metrics need to know about a request once it is answered.
struct Note {
    metrics: HttpMetrics,
    route: &'static str,
    started: Instant,
}

impl Note {
    fn refused(&self, problem: Problem) -> Response {
        let status = problem.status().as_u16();
        self.metrics.requests.get_or_create(&RequestLabels { route: self.route, status }).inc();
        problem.into_response()
    }

    fn answered(&self, response: &Response) {
        let (route, status) = (self.route, response.status().as_u16());
        self.metrics.requests.get_or_create(&RequestLabels { route, status }).inc();
        self.metrics.seconds.get_or_create(&RouteLabels { route }).observe(self.started.elapsed().as_secs_f64());
    }

    /// Waits for the answer. A panic becomes a 500.
    async fn answer(self, answer: impl Future<Output = Answer>, occupied: Occupied) -> Answer {
        let response = match AssertUnwindSafe(answer).catch_unwind().await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => {
                tracing::error!(route = self.route, "a handler panicked");
                Problem::internal().into_response()
            }
        };
        self.answered(&response);
        Ok(hold(response, occupied))
    }
}

impl<S> Service<Request> for Guarded<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Answer>, Pin<Box<dyn Future<Output = Answer> + Send>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.route.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let guard = &self.guard;
        let note = Note { metrics: guard.metrics.clone(), route: guard.route_of(&request), started: Instant::now() };
        let Ok(slot) = Arc::clone(&guard.slots).try_acquire_owned() else {
            let busy = Problem::new(ProblemKind::BUSY, "this process has reached its limit of concurrent requests");
            return Either::Left(ready(Ok(note.refused(busy))));
        };
        match guard.verifier.verify(&credentials(request.headers())) {
            Verification::Done(Ok(caller)) => {
                let occupied = Occupied::new(&note.metrics.in_flight, slot);
                guard.admit(&mut request, caller);
                Either::Right(Box::pin(note.answer(self.route.call(request), occupied)))
            }
            Verification::Done(Err(error)) => Either::Left(ready(Ok(note.refused(error.into())))),
            Verification::Pending(verifying) => {
                let occupied = Occupied::new(&note.metrics.in_flight, slot);
                let guard = guard.clone();
                // The service that said it is ready must take this request, so the clone stays here for the next one.
                let clone = self.route.clone();
                let route = mem::replace(&mut self.route, clone);
                Either::Right(Box::pin(note.answer(verified(verifying, guard, route, request), occupied)))
            }
        }
    }
}

/// Waits for the verifier, then for the route.
async fn verified<S>(
    verifying: impl Future<Output = Result<Caller, VerifyError>>,
    guard: Guard,
    mut route: S,
    mut request: Request,
) -> Answer
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    match verifying.await {
        Ok(caller) => {
            guard.admit(&mut request, caller);
            route.call(request).await
        }
        Err(error) => Ok(Problem::from(error).into_response()),
    }
}
