//! A broker that refuses, or is away.

use std::{
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

use hoopoe_e2e::{Ca, RabbitMq, RabbitMqOptions, free_port};
use hoopoe_operator::{dereference::TlsMaterial, rabbitmq::Broker, topology::BrokerError};

use crate::topology::kit::{self, Outcomes, VERSIONS};

#[tokio::test]
async fn wrong_passwords_missing_rights_and_an_absent_broker_are_told_apart() -> Outcomes {
    for version in VERSIONS {
        let rabbit = kit::start(version).await?;
        let broker = kit::broker(&rabbit);
        let _ = broker;
        rabbit.ctl(&["add_user", "worker", "pw"]).await?;
        rabbit.ctl(&["set_permissions", "worker", ".*", ".*", ".*"]).await?;
        let asked = async |user: &str, password: &str| {
            Broker::new(&kit::access(&rabbit, user, password))
                .unwrap()
                .snapshot(Instant::now())
                .await
                .map(drop)
                .map_err(|error| (error.reason(), error.to_string()))
        };
        assert_eq!(asked("hoopoe", "wrong").await.unwrap_err().0, "Unauthorized", "{version:?}");
        let (reason, text) = asked("worker", "pw").await.unwrap_err();
        assert_eq!(reason, "Forbidden", "{version:?}: {text}");
        assert!(text.contains("policymaker"), "{text}");
        rabbit.ctl(&["set_user_tags", "worker", "policymaker"]).await?;
        asked("worker", "pw").await.unwrap();
        let mut elsewhere = kit::access(&rabbit, "hoopoe", "secret");
        elsewhere.vhost = "nowhere".to_owned();
        let missing = Broker::new(&elsewhere)?.snapshot(Instant::now()).await.unwrap_err();
        assert!(matches!(missing, BrokerError::VhostMissing { .. }), "{missing}");
        rabbit.stop().await?;
        let (reason, text) = asked("hoopoe", "secret").await.unwrap_err();
        assert_eq!(reason, "BrokerUnreachable", "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn a_hundred_that_ask_at_once_share_one_read() -> Outcomes {
    let rabbit = kit::start(VERSIONS[0]).await?;
    let broker = kit::broker(&rabbit);
    let since = Instant::now();
    let asked = (0..100).map(|_| broker.snapshot(since));
    let seen = futures::future::try_join_all(asked).await?;
    assert!(seen.iter().all(|one| std::sync::Arc::ptr_eq(one, &seen[0])));
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    Ok(())
}

#[tokio::test]
async fn the_certificate_is_checked_against_the_authority_and_the_name_that_tls_names() -> Outcomes {
    let ca = Ca::new()?;
    let server = ca.server_cert(&["rabbit.internal"])?;
    let folder = tempfile::tempdir()?;
    // RabbitMQ runs as another user, which must be able to read the files.
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
    let mut settings = vec!["management.ssl.ip = 127.0.0.1".to_owned()];
    for (setting, from) in
        [("certfile", &*server.certificate), ("keyfile", &*server.key), ("cacertfile", ca.certificate())]
    {
        let copy = folder.path().join(setting);
        std::fs::copy(from, &copy)?;
        std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o644))?;
        settings.push(format!("management.ssl.{setting} = {}", copy.display()));
    }
    let port = free_port()?;
    settings.push(format!("management.ssl.port = {port}"));
    let rabbit = RabbitMq::start(RabbitMqOptions { settings, ..RabbitMqOptions::default() }).await?;
    let _ = kit::broker(&rabbit);
    let asked = async |ca: Option<&Ca>, server_name: Option<&str>| {
        let mut access = kit::access(&rabbit, "hoopoe", "secret");
        access.management.url = format!("https://127.0.0.1:{port}");
        access.management.tls = Some(TlsMaterial {
            ca: ca.map(|ca| std::fs::read(ca.certificate()).unwrap()),
            identity: None,
            server_name: server_name.map(str::to_owned),
        });
        let broker = Broker::new(&access).map_err(|error| error.to_string())?;
        let read = broker.snapshot(Instant::now()).await.map_err(|error| error.to_string())?;
        assert!(!read.cluster_id.is_empty());
        let events = kit::producer("events", "exchange: {name: events}");
        kit::reconcile(&broker, &events).await.map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(asked(Some(&ca), Some("rabbit.internal")).await, Ok(()));
    let told = asked(Some(&ca), None).await.unwrap_err();
    assert!(told.contains("127.0.0.1") && told.contains("not valid for name"), "{told}");
    let told = asked(Some(&ca), Some("other.internal")).await.unwrap_err();
    assert!(told.contains("not valid for name"), "{told}");
    for stranger in [None, Some(&Ca::new()?)] {
        let told = asked(stranger, Some("rabbit.internal")).await.unwrap_err();
        assert!(told.contains("invalid peer certificate"), "{told}");
    }
    let told = asked(Some(&ca), Some("127.0.0.1")).await.unwrap_err();
    assert!(told.contains("must be a DNS name"), "{told}");
    Ok(())
}
