//! A verifier that must wait before it decides: good callers come in, others get a problem, and both count as requests
//! while they wait.

use std::{sync::Arc, time::Duration};

use axum::routing::get;
use futures::FutureExt;
use hoopoe::{
    edge::http::{Guard, HttpMetrics, surface},
    identity::{Anonymous, Caller, Credentials, MayPublish, Verification, Verifier, VerifyError},
};
use hoopoe_web::{ServerLimits, bind, serve};
use prometheus_client::registry::Registry;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;

use crate::http::kit::{Answer, send};

/// Accepts the token `good`, once the test lets it decide.
struct Slow(Arc<Semaphore>);

impl Verifier for Slow {
    fn verify(&self, credentials: &Credentials<'_>) -> Verification {
        let verdict = match credentials {
            Credentials::None | Credentials::Unreadable => return Verification::Done(Err(VerifyError::Rejected)),
            Credentials::Bearer("good") => anyone(),
            Credentials::Bearer("unknown") => Err(VerifyError::Unavailable),
            Credentials::Bearer(_) => Err(VerifyError::Rejected),
        };
        let may_decide = Arc::clone(&self.0);
        Verification::Pending(
            async move {
                may_decide.acquire().await.unwrap().forget();
                verdict
            }
            .boxed(),
        )
    }
}

fn anyone() -> Result<Caller, VerifyError> {
    match Anonymous.verify(&Credentials::None) {
        Verification::Done(caller) => caller,
        Verification::Pending(_) => panic!("the verifier decides at once"),
    }
}

struct Server {
    address: String,
    metrics: HttpMetrics,
    may_decide: Arc<Semaphore>,
    _stop: tokio_util::sync::DropGuard,
}

async fn granted(_: MayPublish) -> &'static str {
    "granted"
}

async fn start(max_requests: usize) -> Server {
    let (metrics, may_decide) = (HttpMetrics::register(&mut Registry::default()), Arc::new(Semaphore::new(0)));
    let stop = CancellationToken::new();
    let guard = Guard::new(max_requests, metrics.clone(), Arc::new(Slow(Arc::clone(&may_decide))), &stop);
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let router = surface(OpenApiRouter::new().route("/granted", get(granted)), guard);
    tokio::spawn(serve(listener, router, ServerLimits::default(), stop.clone()));
    Server { address, metrics, may_decide, _stop: stop.drop_guard() }
}

impl Server {
    async fn ask(&self, authorization: &str) -> Answer {
        send(&self.address, "GET", "/granted", &[("Authorization", authorization)], b"").await
    }
}

#[tokio::test]
async fn who_is_verified_comes_in_and_others_get_a_problem() {
    let server = start(10).await;
    let without = send(&server.address, "GET", "/granted", &[], b"").await;
    without.problem(401, "unauthorized");
    assert_eq!(without.header("www-authenticate"), "Bearer");
    server.ask("Basic abc").await.problem(401, "unauthorized");
    server.may_decide.add_permits(3);
    assert_eq!(server.ask("Bearer good").await.body, b"granted");
    server.ask("Bearer bad").await.problem(401, "unauthorized");
    server.ask("Bearer unknown").await.problem(503, "verifier_unavailable");
}

#[tokio::test]
async fn a_request_that_is_being_verified_has_a_slot() {
    let server = start(1).await;
    let waiting = server.ask("Bearer good");
    let other = async {
        while server.metrics.in_flight.get() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.ask("Bearer good").await.problem(503, "busy");
        server.may_decide.add_permits(1);
    };
    assert_eq!(tokio::join!(waiting, other).0.status, 200);
}

#[tokio::test]
async fn a_route_outside_the_guard_grants_nothing() {
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let stop = CancellationToken::new();
    let open = axum::Router::new().route("/granted", get(granted));
    tokio::spawn(serve(listener, open, ServerLimits::default(), stop.clone()));
    send(&address, "GET", "/granted", &[], b"").await.problem(500, "internal");
    stop.cancel();
}
