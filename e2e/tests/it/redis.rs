//! Starts Redis and uses it.

use hoopoe_e2e::{Ca, Redis, RedisOptions, Result, TlsOptions, processes_under};

#[tokio::test]
async fn it_answers_is_killed_and_comes_back_empty() -> Result<()> {
    let redis = Redis::start(RedisOptions { password: Some("secret".to_owned()), ..RedisOptions::default() }).await?;
    assert_eq!(redis.cli(&["set", "a", "1"]).await?, "OK");
    assert_eq!(redis.url(), format!("redis://:secret@127.0.0.1:{}/", redis.port()));
    let pid = redis.pid()?;
    redis.kill9().await?;
    assert!(processes_under(pid).is_empty());
    assert!(redis.cli(&["ping"]).await.is_err());
    redis.restart().await?;
    assert_eq!(redis.cli(&["get", "a"]).await?, "");
    Ok(())
}

#[tokio::test]
async fn it_keeps_what_it_was_told_to_keep() -> Result<()> {
    let redis = Redis::start(RedisOptions { persistent: true, ..RedisOptions::default() }).await?;
    redis.cli(&["set", "a", "1"]).await?;
    redis.kill9().await?;
    redis.restart().await?;
    assert_eq!(redis.cli(&["get", "a"]).await?, "1");
    redis.flush().await?;
    assert_eq!(redis.cli(&["dbsize"]).await?, "0");
    Ok(())
}

#[tokio::test]
async fn it_freezes_and_thaws() -> Result<()> {
    let redis = Redis::start(RedisOptions::default()).await?;
    redis.pause()?;
    let frozen = tokio::time::timeout(std::time::Duration::from_millis(300), redis.cli(&["ping"])).await;
    assert!(frozen.is_err(), "it answered while frozen");
    redis.resume()?;
    assert_eq!(redis.cli(&["ping"]).await?, "PONG");
    Ok(())
}

#[tokio::test]
async fn it_speaks_tls() -> Result<()> {
    let ca = Ca::new()?;
    let tls = Some(TlsOptions::with_client_certs(&ca));
    let redis = Redis::start(RedisOptions { tls, ..RedisOptions::default() }).await?;
    let url = redis.tls_url().unwrap_or_default();
    let ping = async |client: &[&str]| {
        let mut command = tokio::process::Command::new("redis-cli");
        command.args(["-e", "-u", &url, "--cacert"]).arg(ca.certificate()).args(client).arg("ping");
        command.output().await.is_ok_and(|output| output.stdout == b"PONG\n")
    };
    let client = ca.client_cert("worker")?;
    let (certificate, key) = (client.certificate.display().to_string(), client.key.display().to_string());
    assert!(ping(&["--cert", &certificate, "--key", &key]).await);
    assert!(!ping(&[]).await, "a client without a certificate got in");
    Ok(())
}
