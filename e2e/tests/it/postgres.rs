//! Starts `PostgreSQL` and uses it.

use std::time::Duration;

use hoopoe_e2e::{Ca, Postgres, PostgresAuth, PostgresOptions, Result, TlsOptions, processes_under};

/// Whether a client with that URL gets an answer.
async fn connects(postgres: &Postgres, url: &str) -> bool {
    let mut command = tokio::process::Command::new(postgres.programs().join("psql"));
    command.args(["--no-psqlrc", "--no-password", "--command", "SELECT 1"]).arg(url).kill_on_drop(true);
    let output = command.output().await;
    output.is_ok_and(|output| output.status.success())
}

#[tokio::test]
async fn what_was_committed_survives_a_kill() -> Result<()> {
    let postgres = Postgres::start(PostgresOptions::default()).await?;
    let url = postgres.create_database("inbox").await?;
    assert!(connects(&postgres, &url).await);
    assert!(!connects(&postgres, &url.replace("secret", "wrong")).await);
    assert_eq!(postgres.psql("inbox", "SHOW fsync").await?, "on");
    postgres.psql("inbox", "CREATE TABLE t AS SELECT generate_series(1, 3) AS n").await?;
    let all = processes_under(postgres.pid()?);
    assert!(all.len() > 3, "the background processes are not seen: {all:?}");
    postgres.kill9().await?;
    assert!(all.into_iter().all(|pid| processes_under(pid).is_empty()));
    postgres.restart().await?;
    assert_eq!(postgres.psql("inbox", "SELECT sum(n) FROM t").await?, "6");
    postgres.stop().await?;
    assert!(postgres.pid().is_err());
    postgres.restart().await?;
    assert!(connects(&postgres, &url).await);
    Ok(())
}

#[tokio::test]
async fn it_freezes_and_thaws() -> Result<()> {
    let postgres = Postgres::start(PostgresOptions { auth: PostgresAuth::Trust, ..PostgresOptions::default() }).await?;
    postgres.pause()?;
    let frozen = tokio::time::timeout(Duration::from_millis(300), connects(&postgres, &postgres.url())).await;
    assert!(frozen.is_err(), "it answered while frozen");
    postgres.resume()?;
    assert!(connects(&postgres, &postgres.url()).await);
    Ok(())
}

#[tokio::test]
async fn tests_share_a_server() -> Result<()> {
    let (one, other) = (Postgres::shared().await?, Postgres::shared().await?);
    assert_eq!(one.pid()?, other.pid()?);
    one.create_database("shared_a").await?;
    assert_eq!(other.psql("shared_a", "SELECT 1").await?, "1");
    Ok(())
}

#[tokio::test]
async fn it_speaks_tls_with_client_certificates() -> Result<()> {
    let ca = Ca::new()?;
    let options = PostgresOptions {
        auth: PostgresAuth::Certificate,
        tls: Some(TlsOptions::with_client_certs(&ca)),
        ..PostgresOptions::default()
    };
    let postgres = Postgres::start(options).await?;
    let url = postgres.url();
    let with = |pair: &hoopoe_e2e::PemPair| {
        format!("{url}&sslcert={}&sslkey={}", pair.certificate.display(), pair.key.display())
    };
    assert!(connects(&postgres, &with(&ca.client_cert("hoopoe")?)).await);
    assert!(!connects(&postgres, &with(&ca.client_cert("somebody")?)).await, "another user's certificate let in");
    assert!(!connects(&postgres, &with(&Ca::new()?.client_cert("hoopoe")?)).await, "another authority believed");
    assert!(!connects(&postgres, &url).await, "no certificate needed");
    assert!(!connects(&postgres, &url.replace("verify-full", "disable")).await, "no TLS needed");
    Ok(())
}
