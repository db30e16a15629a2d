//! A proxy in front of a broker's management API. After a number of writes it stops answering, as if the operator had
//! died.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::Method,
    response::Response,
};
use tokio::{net::TcpListener, task::JoinHandle};

/// Ends when it is dropped.
pub struct BrokerProxy {
    /// The URL of the proxy, with the credentials of the upstream.
    pub url: String,
    state: Arc<Counting>,
    task: JoinHandle<()>,
}

struct Counting {
    upstream: String,
    client: reqwest::Client,
    writes: AtomicU32,
    /// After this write, no request is answered any more.
    last: AtomicU32,
    gone: AtomicBool,
}

impl Drop for BrokerProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl BrokerProxy {
    /// Starts a proxy for `upstream`, the URL of a management API with credentials. `last`: the write that is carried
    /// out but not answered.
    pub async fn start(upstream: &str, last: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut url = url::Url::parse(upstream).unwrap();
        let bare = format!("http://127.0.0.1:{}", url.port().unwrap());
        url.set_port(Some(port)).unwrap();
        let state = Arc::new(Counting {
            upstream: bare,
            client: reqwest::Client::new(),
            writes: AtomicU32::new(0),
            last: AtomicU32::new(last),
            gone: AtomicBool::new(false),
        });
        let router = Router::new().fallback(forward).with_state(state.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url: url.as_str().trim_end_matches('/').to_owned(), state, task }
    }

    /// How many writes it has seen.
    pub fn writes(&self) -> u32 {
        self.state.writes.load(Ordering::SeqCst)
    }

    /// Whether the last write was made.
    pub fn is_gone(&self) -> bool {
        self.state.gone.load(Ordering::SeqCst)
    }

    /// From now on it answers every request.
    pub fn heal(&self) {
        self.state.last.store(u32::MAX, Ordering::SeqCst);
        self.state.gone.store(false, Ordering::SeqCst);
    }
}

async fn forward(State(state): State<Arc<Counting>>, request: Request) -> Response {
    if state.gone.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
    let last = state.last.load(Ordering::SeqCst);
    let write = (*request.method() != Method::GET).then(|| state.writes.fetch_add(1, Ordering::SeqCst) + 1);
    if write.is_some_and(|write| write > last) {
        state.gone.store(true, Ordering::SeqCst);
        std::future::pending::<()>().await;
    }
    let (parts, body) = request.into_parts();
    let url = format!("{}{}", state.upstream, parts.uri.path_and_query().unwrap());
    let mut sent = state.client.request(parts.method, url).body(to_bytes(body, usize::MAX).await.unwrap());
    for name in ["authorization", "content-type"] {
        if let Some(value) = parts.headers.get(name) {
            sent = sent.header(name, value);
        }
    }
    let answer = sent.send().await.unwrap();
    if write == Some(last) {
        state.gone.store(true, Ordering::SeqCst);
        std::future::pending::<()>().await;
    }
    let mut response = Response::builder().status(answer.status());
    for name in ["location", "content-type"] {
        if let Some(value) = answer.headers().get(name) {
            response = response.header(name, value);
        }
    }
    response.body(Body::from(answer.bytes().await.unwrap())).unwrap()
}
