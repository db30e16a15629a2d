//! How often the operator asks the management API, by the broker's own access log.

use std::{
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, Instant},
};

use futures::{StreamExt, TryStreamExt, stream};
use hoopoe_e2e::{RabbitMq, RabbitMqOptions};
use hoopoe_operator::{
    rabbitmq::{
        Broker, Desired,
        sync::{self, Synced},
    },
    topology::{BrokerError, DEPTHS_AGE, Mode},
};

use crate::topology::kit::{self, Outcomes};

/// The requests of a method so far; the log is written a moment after the answer.
async fn requests(log: &Path, method: &str) -> usize {
    tokio::time::sleep(Duration::from_secs(1)).await;
    let texts = std::fs::read_dir(log).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    texts.map(|text| text.matches(&format!("\"{method} /api/")).count()).sum()
}

async fn all(broker: &Broker, wanted: &[Desired], fresh: bool) -> Result<Vec<Synced>, BrokerError> {
    let fresh = fresh.then(Instant::now);
    let reconciled = wanted.iter().map(|desired| sync::reconcile(broker, desired, &[], Mode::Write, fresh));
    stream::iter(reconciled).buffer_unordered(wanted.len()).try_collect().await
}

#[tokio::test]
async fn two_hundred_queues_cost_as_many_reads_as_one() -> Outcomes {
    let log = tempfile::tempdir()?;
    // RabbitMQ runs as another user, which must be able to write the log.
    std::fs::set_permissions(log.path(), std::fs::Permissions::from_mode(0o777))?;
    let settings = vec![format!("management.http_log_dir = {}", log.path().display())];
    let rabbit = RabbitMq::start(RabbitMqOptions { settings, ..RabbitMqOptions::default() }).await?;
    let broker = kit::broker(&rabbit);
    let spec = |n: usize| format!("queue: {{name: q{n}}}, bindings: [{{exchange: amq.topic, routingKey: k{n}}}]");
    let wanted: Vec<Desired> = (0..200).map(|n| kit::consumer(&format!("c{n}"), 1, &spec(n))).collect();

    let mut settling = Vec::new();
    for part in [&wanted[..1], &wanted] {
        let (gets, puts) = (requests(log.path(), "GET").await, requests(log.path(), "PUT").await);
        let started = Instant::now();
        all(&broker, part, true).await?;
        let took = started.elapsed();
        settling.push(requests(log.path(), "GET").await - gets);
        let puts = requests(log.path(), "PUT").await - puts;
        println!("{} settled in {took:.1?} with {} reads and {puts} puts", part.len(), settling[settling.len() - 1]);
    }
    // After a write the broker is read again, at most once a second, for all waiters together.
    assert!(settling[1] <= 5 * 20, "{settling:?}");

    for part in [&wanted[..1], &wanted] {
        let before = requests(log.path(), "GET").await;
        let outcomes = all(&broker, part, true).await?;
        assert!(outcomes.iter().all(|outcome| outcome.changes.is_empty() && outcome.findings.is_empty()));
        assert_eq!(requests(log.path(), "GET").await - before, 5, "{} queues in a quiet cycle", part.len());
        all(&broker, part, false).await?;
        assert_eq!(requests(log.path(), "GET").await - before, 5, "the last read is young enough");
        for _ in part {
            broker.depths(DEPTHS_AGE).await?;
        }
        assert_eq!(requests(log.path(), "GET").await - before, 6, "and one for the depths of {} queues", part.len());
        tokio::time::sleep(DEPTHS_AGE).await;
    }
    assert_eq!(broker.depths(DEPTHS_AGE).await?.queues.len(), 400, "dead-letter queues too");
    Ok(())
}
