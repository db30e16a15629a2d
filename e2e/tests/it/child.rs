//! Starts, stops and kills processes that are not servers.

use std::time::Duration;

use hoopoe_e2e::{Child, ChildOptions, Error, Result, free_port, processes_under, wait_http};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const LIMIT: Duration = Duration::from_secs(5);

fn shell(script: &str) -> ChildOptions {
    ChildOptions::new("sh").args(["-c", script])
}

#[tokio::test]
async fn it_logs_and_its_status_is_seen() -> Result<()> {
    let child = Child::start(&shell("echo \"$GREETING\"; echo bad >&2; exit 3").env("GREETING", "hello"))?;
    assert_eq!(child.wait(LIMIT).await?.code(), Some(3));
    assert_eq!(child.log(), "hello\nbad\n");
    Ok(())
}

#[tokio::test]
async fn it_ends_when_asked_and_is_killed_with_all_it_started() -> Result<()> {
    let child = Child::start(&shell("trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done"))?;
    let ready = async |child: &Child| child.wait_until("its word", LIMIT, || async { child.log() == "ready\n" }).await;
    ready(&child).await?;
    assert_eq!(child.term_and_wait(LIMIT).await?.code(), Some(7));

    let child = Child::start(&shell("trap '' TERM; setsid sleep 600 & sleep 600 & echo ready; wait"))?;
    ready(&child).await?;
    let short = Duration::from_millis(100);
    assert!(matches!(child.term_and_wait(short).await, Err(Error::StillRunning { .. })));
    let all = processes_under(child.pid());
    assert_eq!(all.len(), 3);
    child.pause();
    child.kill9().await?;
    assert!(all.iter().all(|pid| processes_under(*pid).is_empty()));
    Ok(())
}

#[tokio::test]
async fn it_goes_with_its_value() -> Result<()> {
    let child = Child::start(&shell("sleep 600 & sleep 600"))?;
    let pid = child.pid();
    let log = child.log_path().to_owned();
    drop(child);
    assert!(processes_under(pid).is_empty());
    assert!(!log.exists());
    Ok(())
}

#[tokio::test]
async fn waiting_for_http_tells_what_was_logged() -> Result<()> {
    let url = format!("http://127.0.0.1:{}/readyz", free_port()?);
    let ended = Child::start(&shell("echo no configuration; exit 1"))?;
    let error = wait_http(&ended, &url, LIMIT).await.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("exit status: 1") && error.contains("no configuration"), "{error}");

    let slow = Child::start(&shell("echo starting; sleep 600"))?;
    let error = wait_http(&slow, &url, Duration::from_millis(200)).await.err();
    let error = error.map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains(&url) && error.contains("starting"), "{error}");
    Ok(())
}

#[tokio::test]
async fn waiting_for_http_ends_with_200() -> Result<()> {
    let port = free_port()?;
    let url = format!("http://127.0.0.1:{port}/readyz");
    let server = async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        for status in ["503 Service Unavailable", "200 OK"] {
            let (mut stream, _) = listener.accept().await?;
            assert!(stream.read(&mut [0; 1024]).await? > 0);
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await?;
        }
        std::io::Result::Ok(())
    };
    let child = Child::start(&shell("sleep 600"))?;
    let (answered, ready) = tokio::join!(server, wait_http(&child, &url, LIMIT));
    assert!(answered.is_ok());
    ready
}
