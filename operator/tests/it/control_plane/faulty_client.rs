//! A client of the API server with faults on purpose, and an operator in this process that uses it.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use clap::Parser;
use futures::{StreamExt, future::BoxFuture};
use hoopoe_operator::{cli::run, config::Config};
use http_body::Frame;
use http_body_util::{BodyExt, BodyStream, Full, StreamBody};
use kube::{
    Client,
    client::{Body, ClientBuilder},
};
use prometheus_client::registry::Registry;
use tokio::{
    sync::{broadcast, watch},
    task::JoinHandle,
};
use tokio_stream::wrappers::BroadcastStream;
use tokio_util::sync::CancellationToken;
use tower::{Layer, Service};

use crate::testkit::client::{config, install_crypto};

#[derive(Clone)]
pub enum Fault {
    /// After this many writes the process is dead: the last write is carried out, its answer never arrives, and nothing
    /// more is sent.
    CrashAfter(u32),
    /// One request in so many is answered with one of these statuses, in turn. 0: no answer for three seconds, then an
    /// error.
    Answers(u32, &'static [u16]),
    /// A watch of the resources named here, in the plural, ends when the test says so.
    CutWatches(broadcast::Sender<Cut>),
    /// The watch of these resources, in the plural, yields nothing while the value is true; then it continues.
    HoldWatch(&'static str, watch::Receiver<bool>),
}

/// Ends the watches of one kind.
#[derive(Clone, Debug)]
pub struct Cut {
    /// The plural name, for example `deployments`.
    pub plural: &'static str,
    /// The last event of the watch; `None`: the connection breaks.
    pub last_event: Option<&'static str>,
}

/// What the client counted.
#[derive(Clone, Default)]
pub struct Count {
    writes: Arc<AtomicU32>,
    requests: Arc<AtomicU32>,
    gone: Arc<AtomicBool>,
}

impl Count {
    /// The writes to the API server, without those of Leases and Events.
    pub fn writes(&self) -> u32 {
        self.writes.load(Ordering::SeqCst)
    }

    /// Whether the crash has happened.
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::SeqCst)
    }
}

/// An operator in this process. When it is dropped, it stops between any two of its instructions.
pub struct InProcess {
    task: JoinHandle<()>,
    /// What its client counted.
    pub count: Count,
}

impl Drop for InProcess {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    config: Config,
}

/// Starts an operator with the flags of `run`.
pub async fn operator(kubeconfig: &Path, fault: Fault, flags: &[&str]) -> InProcess {
    install_crypto();
    let config = config(kubeconfig).await;
    let count = Count::default();
    let layer = FaultLayer { fault, count: count.clone() };
    let client: Client = ClientBuilder::try_from(config).unwrap().with_layer(&layer).build();
    let fixed = ["run", "--admin", "127.0.0.1:0", "--lease-namespace", "hoopoe-system"];
    let config = Flags::parse_from(fixed.iter().chain(flags)).config;
    let task = tokio::spawn(async move {
        // Errors are expected here; the resources show the result.
        let _ = run::run_with(client, &config, Registry::default(), CancellationToken::new()).await;
    });
    InProcess { task, count }
}

#[derive(Clone)]
struct FaultLayer {
    fault: Fault,
    count: Count,
}

#[derive(Clone)]
struct FaultService<S> {
    inner: S,
    fault: Fault,
    count: Count,
}

impl<S> Layer<S> for FaultLayer {
    type Service = FaultService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        FaultService { inner, fault: self.fault.clone(), count: self.count.clone() }
    }
}

type AnswerBody = Box<dyn http_body::Body<Data = Bytes, Error = tower::BoxError> + Send + Unpin>;
type Answer = http::Response<AnswerBody>;

impl<S> Service<http::Request<Body>> for FaultService<S>
where
    S: Service<http::Request<Body>, Response = Answer>,
    S::Future: Send + 'static,
    S::Error: Into<tower::BoxError> + Send,
{
    type Response = Answer;
    type Error = tower::BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let count = self.count.clone();
        if count.is_gone() {
            return Box::pin(std::future::pending());
        }
        let aside =
            request.uri().path().contains("coordination.k8s.io") || request.uri().path().contains("events.k8s.io");
        let writes = !aside && request.method() != http::Method::GET;
        let write = writes.then(|| count.writes.fetch_add(1, Ordering::SeqCst) + 1);
        match &self.fault {
            Fault::CutWatches(cuts) => {
                let query = request.uri().query().unwrap_or_default();
                let plural = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
                let cut = query.contains("watch=true").then(|| cuts.subscribe());
                let answer = self.inner.call(request);
                Box::pin(async move {
                    let answer: Answer = answer.await.map_err(Into::into)?;
                    Ok(match cut {
                        Some(cut) => answer.map(|body| until_cut(body, plural, cut)),
                        None => answer,
                    })
                })
            }
            Fault::HoldWatch(plural, held) => {
                let query = request.uri().query().unwrap_or_default();
                let mine = query.contains("watch=true") && request.uri().path().ends_with(plural);
                let held = mine.then(|| held.clone());
                let answer = self.inner.call(request);
                Box::pin(async move {
                    let answer: Answer = answer.await.map_err(Into::into)?;
                    Ok(match held {
                        Some(held) => answer.map(|body| while_held(body, held)),
                        None => answer,
                    })
                })
            }
            &Fault::CrashAfter(last) => {
                if write.is_some_and(|write| write > last) {
                    count.gone.store(true, Ordering::SeqCst);
                    return Box::pin(std::future::pending());
                }
                let answer = self.inner.call(request);
                Box::pin(async move {
                    let answer = answer.await.map_err(Into::into);
                    if write == Some(last) {
                        count.gone.store(true, Ordering::SeqCst);
                        std::future::pending::<()>().await;
                    }
                    answer
                })
            }
            &Fault::Answers(every, statuses) => {
                let number = count.requests.fetch_add(1, Ordering::SeqCst);
                if aside || number % every != every - 1 {
                    let answer = self.inner.call(request);
                    return Box::pin(async move { answer.await.map_err(Into::into) });
                }
                let status = statuses[(number / every) as usize % statuses.len()];
                Box::pin(async move {
                    if status == 0 {
                        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
                        return Err("no answer".into());
                    }
                    Ok(refusal(status))
                })
            }
        }
    }
}

/// The body of a watch, until the watch is cut.
fn until_cut(body: AnswerBody, plural: String, cuts: broadcast::Receiver<Cut>) -> AnswerBody {
    let ends = BroadcastStream::new(cuts).filter_map(move |cut| {
        let mine = cut.ok().filter(|cut| cut.plural == plural);
        std::future::ready(mine.map(|cut| match cut.last_event {
            Some(event) => Ok(Frame::data(Bytes::from(format!("{event}\n")))),
            None => Err(tower::BoxError::from("the connection was reset by a test")),
        }))
    });
    let frames = BodyStream::new(body).map(|frame| (frame, false)).boxed();
    let both = futures::stream::select(frames, ends.map(|end| (end, true)).boxed());
    // The last event is still delivered.
    let mut ended = false;
    let until = both.take_while(move |(_, last)| {
        let goes_on = !ended;
        ended |= last;
        std::future::ready(goes_on)
    });
    Box::new(StreamBody::new(until.map(|(frame, _)| frame).boxed()))
}

/// The body of a watch, which waits while it is held.
fn while_held(body: AnswerBody, held: watch::Receiver<bool>) -> AnswerBody {
    let frames = BodyStream::new(body).then(move |frame| {
        let mut held = held.clone();
        async move {
            // An error means that the test is over.
            let _ = held.wait_for(|held| !held).await;
            frame
        }
    });
    Box::new(StreamBody::new(frames.boxed()))
}

fn refusal(status: u16) -> Answer {
    let body = serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status,
        "message": "a fault of the test", "reason": "Fault",
    });
    let body = Full::new(Bytes::from(body.to_string())).map_err(|never| -> tower::BoxError { match never {} });
    let answer = http::Response::builder().status(status).header("content-type", "application/json");
    answer.body(Box::new(body) as AnswerBody).unwrap()
}
