//! The proxy in front of a Redis.

use std::time::Duration;

use hoopoe_e2e::{Error, Proxy, Redis, RedisOptions, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The server's answer to a ping on this connection. It is empty if the connection has ended.
async fn ping(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    stream.write_all(b"PING\r\n").await?;
    let mut answer = vec![0; 64];
    let length = stream.read(&mut answer).await?;
    answer.truncate(length);
    Ok(answer)
}

async fn connect(proxy: &Proxy) -> Result<TcpStream> {
    let io = |source| Error::Io { what: "connect to the proxy".to_owned(), source };
    TcpStream::connect(("127.0.0.1", proxy.port())).await.map_err(io)
}

#[tokio::test]
async fn it_is_cut_and_restored() -> Result<()> {
    let redis = Redis::start(RedisOptions::default()).await?;
    let proxy = Proxy::start(redis.port()).await?;
    assert_eq!(proxy.url(&redis.url(), redis.port()), format!("redis://127.0.0.1:{}/", proxy.port()));
    let mut stream = connect(&proxy).await?;
    assert!(ping(&mut stream).await.is_ok_and(|answer| answer == b"+PONG\r\n"));

    proxy.cut().await?;
    assert!(ping(&mut stream).await.map_or(true, |answer| answer.is_empty()), "the connection was kept");
    assert!(connect(&proxy).await.is_err(), "a connection was taken");
    assert_eq!(redis.cli(&["ping"]).await?, "PONG");

    proxy.restore().await?;
    let mut stream = connect(&proxy).await?;
    assert!(ping(&mut stream).await.is_ok_and(|answer| answer == b"+PONG\r\n"));
    Ok(())
}

#[tokio::test]
async fn it_is_redirected() -> Result<()> {
    let (old, new) = (Redis::start(RedisOptions::default()).await?, Redis::start(RedisOptions::default()).await?);
    let proxy = Proxy::start(old.port()).await?;
    let mut stream = connect(&proxy).await?;
    assert!(ping(&mut stream).await.is_ok());
    old.stop().await?;
    proxy.redirect(new.port()).await?;
    assert!(ping(&mut stream).await.map_or(true, |answer| answer.is_empty()), "the connection was kept");
    assert!(ping(&mut connect(&proxy).await?).await.is_ok_and(|answer| answer == b"+PONG\r\n"));
    Ok(())
}

#[tokio::test]
async fn it_stalls_and_forwards_later() -> Result<()> {
    let redis = Redis::start(RedisOptions::default()).await?;
    let proxy = Proxy::start(redis.port()).await?;
    let mut stream = connect(&proxy).await?;
    assert!(ping(&mut stream).await.is_ok());

    proxy.stall();
    let mut late = connect(&proxy).await?;
    let limit = Duration::from_millis(200);
    assert!(tokio::time::timeout(limit, ping(&mut stream)).await.is_err(), "it forwarded");
    assert!(tokio::time::timeout(limit, ping(&mut late)).await.is_err(), "it forwarded");
    proxy.unstall();
    let mut answer = [0; 7];
    for stream in [&mut stream, &mut late] {
        assert!(stream.read_exact(&mut answer).await.is_ok());
        assert_eq!(&answer, b"+PONG\r\n");
    }
    Ok(())
}
