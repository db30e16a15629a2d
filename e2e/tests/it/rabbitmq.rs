//! Starts `RabbitMQ` and uses it.

use std::process::Stdio;
use std::time::Duration;

use hoopoe_e2e::{Ca, Error, Method, RabbitMq, RabbitMqOptions, RabbitMqVersion, Result, TlsOptions, processes_under};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn a_quorum_queue_survives_a_kill() -> Result<()> {
    let rabbitmq = RabbitMq::start(RabbitMqOptions::default()).await?;
    let url = rabbitmq.create_vhost("one").await?;
    assert_eq!(url, format!("amqp://hoopoe:secret@127.0.0.1:{}/one", rabbitmq.port()));
    let queue = json!({"durable": true, "arguments": {"x-queue-type": "quorum"}});
    rabbitmq.management(Method::PUT, "/api/queues/one/inbox", Some(&queue)).await?;
    let message = json!({
        "properties": {"delivery_mode": 2}, "routing_key": "inbox", "payload": "hello", "payload_encoding": "string"
    });
    let routed = rabbitmq.management(Method::POST, "/api/exchanges/one/amq.default/publish", Some(&message)).await?;
    assert_eq!(routed, json!({"routed": true}));

    // Wait until Ra has saved its register of queues. That takes half a second after a change, and longer on a busy
    // machine; see `RabbitMq::kill9`.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let all = processes_under(rabbitmq.pid()?);
    rabbitmq.kill9().await?;
    assert!(all.iter().all(|pid| processes_under(*pid).is_empty()));
    rabbitmq.restart().await?;
    let get = json!({"count": 1, "ackmode": "ack_requeue_false", "encoding": "auto"});
    let got = rabbitmq.management(Method::POST, "/api/queues/one/inbox/get", Some(&get)).await?;
    assert_eq!(got[0]["payload"], "hello");

    let all = processes_under(rabbitmq.pid()?);
    rabbitmq.stop().await?;
    assert!(all.iter().all(|pid| processes_under(*pid).is_empty()), "epmd or another was left");
    Ok(())
}

#[tokio::test]
async fn version_4_runs_beside_the_machine_s_own() -> Result<()> {
    let options = RabbitMqOptions { version: RabbitMqVersion::Four, ..RabbitMqOptions::default() };
    let rabbitmq = match RabbitMq::start(options).await {
        Err(Error::NoTrixie { reason }) => {
            eprintln!("skipped: {reason}");
            return Ok(());
        }
        result => result?,
    };
    let overview = rabbitmq.get("/api/overview").await?;
    assert!(overview["rabbitmq_version"].as_str().is_some_and(|version| version.starts_with("4.0")), "{overview}");
    rabbitmq.create_vhost("kept").await?;
    let all = processes_under(rabbitmq.pid()?);
    rabbitmq.kill9().await?;
    rabbitmq.restart().await?;
    assert_eq!(rabbitmq.get("/api/vhosts/kept").await?["name"], "kept");
    assert!(rabbitmq.ctl(&["list_vhosts"]).await?.contains("kept"));
    assert!(all.iter().all(|pid| processes_under(*pid).is_empty()), "epmd or another was left");
    Ok(())
}

#[tokio::test]
async fn publishers_are_blocked_and_unblocked() -> Result<()> {
    let rabbitmq = RabbitMq::shared().await?;
    let alarm = async || rabbitmq.get("/api/health/checks/alarms").await;
    alarm().await?;
    rabbitmq.block_publishers().await?;
    assert!(matches!(alarm().await, Err(Error::HttpStatus { status: 503, .. })));
    rabbitmq.unblock_publishers().await?;
    alarm().await.map(drop)
}

#[tokio::test]
async fn it_freezes_thaws_and_speaks_tls() -> Result<()> {
    let ca = Ca::new()?;
    let options = RabbitMqOptions { tls: Some(TlsOptions::with_client_certs(&ca)), ..RabbitMqOptions::default() };
    let rabbitmq = RabbitMq::start(options).await?;

    rabbitmq.pause()?;
    let frozen = tokio::time::timeout(Duration::from_millis(500), rabbitmq.get("/api/whoami")).await;
    assert!(frozen.is_err(), "it answered while frozen");
    rabbitmq.resume()?;
    rabbitmq.get("/api/whoami").await?;

    let url = rabbitmq.tls_url().unwrap_or_default();
    let client = ca.client_cert("worker")?;
    let port = url.rsplit(':').next().and_then(|rest| rest.split('/').next()).unwrap_or_default().to_owned();
    let handshake = async |client: Option<&hoopoe_e2e::PemPair>| {
        let mut command = tokio::process::Command::new("openssl");
        command.args(["s_client", "-verify_return_error", "-connect", &format!("127.0.0.1:{port}"), "-CAfile"]);
        command.arg(ca.certificate());
        if let Some(pair) = client {
            command.arg("-cert").arg(&pair.certificate).arg("-key").arg(&pair.key);
        }
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut command = command.spawn()?;
        let (Some(mut input), Some(mut output)) = (command.stdin.take(), command.stdout.take()) else {
            return Ok(false);
        };
        // The server answers bytes that are not AMQP with the version that it supports. It may have closed the
        // connections of refused clients already.
        let _ = input.write_all(b"AMQP\0\0\0\0").await;
        let (mut all, mut chunk) = (Vec::new(), [0; 4096]);
        loop {
            match output.read(&mut chunk).await? {
                0 => return std::io::Result::Ok(false),
                length => all.extend_from_slice(&chunk[..length]),
            }
            if all.windows(8).any(|bytes| bytes == b"AMQP\0\0\x09\x01") {
                return Ok(true);
            }
        }
    };
    assert!(handshake(Some(&client)).await.is_ok_and(|answered| answered));
    assert!(handshake(None).await.is_ok_and(|answered| !answered), "a client without a certificate got in");
    Ok(())
}
