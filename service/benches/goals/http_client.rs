//! An HTTP client that costs almost nothing, and the same for every measure. It has keep-alive connections on a thread
//! of its own. Its requests are bytes that are made beforehand. It separates answers by their length, which it learns
//! from the first answer of a connection, and it checks each status.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Barrier,
    task::JoinSet,
    time::{Instant, timeout},
};

/// How long an answer may take. Without a limit, an answer of another length than the first would block for ever.
const LIMIT: Duration = Duration::from_secs(20);

pub struct HttpClient {
    stream: TcpStream,
    status: String,
    length: usize,
    buffer: Vec<u8>,
}

impl HttpClient {
    /// Connects, sends one request and learns the length of its answer.
    pub async fn connect(address: SocketAddr, status: u16, first: &[u8]) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream.write_all(first).await.unwrap();
        let mut answer = Vec::new();
        let length = loop {
            timeout(LIMIT, stream.read_buf(&mut answer)).await.expect("an answer in time").unwrap();
            if let Some(length) = length_of(&answer).filter(|length| answer.len() >= *length) {
                break length;
            }
        };
        assert_eq!(answer.len(), length, "one answer to one request");
        let client = Self { stream, status: format!("HTTP/1.1 {status} "), length, buffer: Vec::new() };
        client.check(&answer);
        client
    }

    /// The length of one answer with its head, in bytes.
    pub fn answer_length(&self) -> usize {
        self.length
    }

    /// Sends `count` requests at once and reads as many answers.
    pub async fn exchange(&mut self, requests: &[u8], count: usize) {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(self.length * count, 0);
        let both = async {
            self.stream.write_all(requests).await.unwrap();
            self.stream.read_exact(&mut buffer).await.unwrap();
        };
        timeout(LIMIT, both).await.expect("answers of the same length as the first, in time");
        buffer.chunks(self.length).for_each(|answer| self.check(answer));
        self.buffer = buffer;
    }

    fn check(&self, answer: &[u8]) {
        assert!(answer.starts_with(self.status.as_bytes()), "not {}: {}", self.status, String::from_utf8_lossy(answer));
    }
}

/// The length of a whole answer, once its head has arrived.
fn length_of(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&answer[..head]).unwrap();
    let body = text.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    Some(head + body)
}

/// What to send, and how.
#[derive(Clone, Copy)]
pub struct Plan {
    pub address: SocketAddr,
    pub status: u16,
    pub connections: usize,
    /// How many requests are sent at once on one connection.
    pub depth: usize,
    pub time: Duration,
}

/// Sends for a time, on each connection as fast as the answers come, and returns the answers a second. `block` makes
/// the requests of a connection's turn: one in turn 0, `depth` in all others.
pub async fn saturate(plan: Plan, block: impl Fn(usize, usize) -> Bytes + Send + Sync + 'static) -> f64 {
    let Plan { address, status, connections, depth, time } = plan;
    let block = Arc::new(block);
    on_a_thread(async move {
        let ready = Arc::new(Barrier::new(connections + 1));
        let mut all = JoinSet::new();
        for connection in 0..connections {
            let (block, ready) = (Arc::clone(&block), Arc::clone(&ready));
            all.spawn(async move {
                let mut client = HttpClient::connect(address, status, &block(connection, 0)).await;
                ready.wait().await;
                let (until, mut answered) = (Instant::now() + time, 0);
                for turn in 1.. {
                    client.exchange(&block(connection, turn), depth).await;
                    answered += depth;
                    if Instant::now() >= until {
                        break;
                    }
                }
                answered
            });
        }
        ready.wait().await;
        let since = Instant::now();
        let answered: usize = all.join_all().await.into_iter().sum();
        answered as f64 / since.elapsed().as_secs_f64()
    })
    .await
}

/// Runs the client's side on a thread and an event loop of its own.
pub async fn on_a_thread<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let run = move || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
    tokio::task::spawn_blocking(run).await.unwrap()
}
