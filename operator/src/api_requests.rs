//! Counts the requests to the API server by verb. This shows what a quiet cycle costs.

use std::task::{Context, Poll};

use futures::future::{FutureExt, Map};
use http::{Method, Request};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};
use tower::{Layer, Service};

/// Counts the requests to the API server.
#[derive(Clone, Debug, Default)]
pub struct ApiRequests(Family<RequestLabels, Counter>);

/// The verb of a request, and the class of its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// `get` (lists and watches too), `post`, `patch`, `put`, `delete`.
    verb: &'static str,
    /// `2xx`, `4xx`, `5xx` and so on; `none`: no answer.
    answer: &'static str,
}

impl ApiRequests {
    /// Registers the counter.
    pub fn register(registry: &mut Registry) -> Self {
        let requests = Self::default();
        registry.register("hoopoe_operator_api_requests", "Requests to the API server", requests.0.clone());
        requests
    }
}

/// The connection of a client, which counts its requests.
#[derive(Clone, Debug)]
pub struct Counting<S> {
    inner: S,
    requests: ApiRequests,
}

impl<S> Layer<S> for ApiRequests {
    type Service = Counting<S>;

    fn layer(&self, inner: S) -> Counting<S> {
        Counting { inner, requests: self.clone() }
    }
}

type Counted<F, R, E> = Map<F, Box<dyn FnOnce(Result<R, E>) -> Result<R, E> + Send>>;

impl<S, In, Out> Service<Request<In>> for Counting<S>
where
    S: Service<Request<In>, Response = http::Response<Out>>,
    S::Error: 'static,
    Out: 'static,
{
    type Response = http::Response<Out>;
    type Error = S::Error;
    type Future = Counted<S::Future, Self::Response, Self::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        let verb = verb_of(request.method());
        let requests = self.requests.0.clone();
        self.inner.call(request).map(Box::new(move |result: Result<Self::Response, S::Error>| {
            let answer = result.as_ref().map_or("none", |response| class_of(response.status().as_u16()));
            requests.get_or_create(&RequestLabels { verb, answer }).inc();
            result
        }))
    }
}

fn verb_of(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "get",
        "POST" => "post",
        "PATCH" => "patch",
        "PUT" => "put",
        "DELETE" => "delete",
        _ => "other",
    }
}

fn class_of(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
