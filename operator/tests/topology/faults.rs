//! A broker that does not want, or is not there.

use std::time::{Duration, Instant};

use hoopoe_operator::broker::{Broker, BrokerError};

use crate::kit::{self, Outcomes, VERSIONS};

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
    assert!(since.elapsed() < Duration::from_secs(5));
    Ok(())
}
