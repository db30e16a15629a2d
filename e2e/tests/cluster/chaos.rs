//! Kills random parts of the cluster again and again while the ledger counts.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::faults::ready_within;
use super::kit::{APPS, Kit, Outcome, SYSTEM};
use super::ledger::{Figures, Ledger};

/// How long the ledger sends before each check of its counts.
const ROUND: Duration = Duration::from_secs(60);
/// How long a Deployment may be without pods. A `ReplicaSet`'s controller makes no pod while it waits to see a pod that
/// it has made. If that pod was killed before the controller's watch recovered from a kill of the API server, the
/// controller waits for five minutes (`ExpectationsTimeout`).
const WITHOUT_PODS: Duration = Duration::from_mins(6);

/// The parts that the test may kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    Producer,
    Consumer,
    Api,
    Operator,
    RabbitMq,
    Postgres,
    Redis,
    Dns,
    Kubelet,
    ApiServer,
}

impl Victim {
    /// Draws a part. Workers are drawn more often than the parts that they depend on, which take seconds to come back.
    const WEIGHTED: [Self; 20] = [
        Self::Producer,
        Self::Producer,
        Self::Producer,
        Self::Producer,
        Self::Consumer,
        Self::Consumer,
        Self::Consumer,
        Self::Consumer,
        Self::Consumer,
        Self::Api,
        Self::Api,
        Self::Api,
        Self::Operator,
        Self::Operator,
        Self::RabbitMq,
        Self::Postgres,
        Self::Redis,
        Self::Dns,
        Self::Kubelet,
        Self::ApiServer,
    ];

    /// Kills one part: a pod by a forced deletion, a program with SIGKILL. Returns false if there was none to kill.
    async fn kill(self, kit: &Kit, random: &mut StdRng) -> Outcome<bool> {
        let (namespace, labels) = match self {
            Self::Producer => (APPS, "app.kubernetes.io/component=producer"),
            Self::Consumer => (APPS, "app.kubernetes.io/component=consumer"),
            Self::Api => (APPS, "app.kubernetes.io/component=api"),
            Self::Operator => (SYSTEM, "app.kubernetes.io/component=operator"),
            Self::RabbitMq => ("backends", "app=rabbitmq"),
            Self::Postgres => ("backends", "app=postgres"),
            Self::Redis => ("backends", "app=redis"),
            Self::Dns => ("kube-system", "k8s-app=coredns"),
            Self::Kubelet => {
                let node = ["node-1", "node-2"][random.random_range(0..2)];
                kit.cluster.restart_kubelet(node).await?;
                return Ok(true);
            }
            Self::ApiServer => {
                kit.cluster.plane().kill_api_server().await?;
                kit.cluster.plane().start_api_server().await?;
                return Ok(true);
            }
        };
        let pods = kit
            .kubectl(&format!("-n {namespace} get pods -l {labels} --output jsonpath={{.items[*].metadata.name}}"))
            .await?;
        let pods: Vec<&str> = pods.split_whitespace().collect();
        // None means that the last killed pod has not come back yet.
        let Some(pod) = pods.choose(random) else { return Ok(false) };
        match kit.kill_pod(namespace, pod).await {
            Ok(()) => Ok(true),
            // The pod ended between the two requests.
            Err(error) if error.to_string().contains("(NotFound)") => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Kills this number of parts, which a seed determines, in rounds of a minute with a check after each. Prints the
/// totals at the end.
pub async fn kill_at_random(kit: &Kit, kills: usize, seed: u64) -> Outcome {
    let mut random = StdRng::seed_from_u64(seed);
    let (mut killed, mut total) = (BTreeMap::<Victim, usize>::new(), Figures::default());
    let (started, mut done) = (Instant::now(), 0);
    while done < kills {
        let ledger = Ledger::start(kit, ROUND).await?;
        let round = Instant::now();
        while done < kills && round.elapsed() < ROUND {
            let victim = *Victim::WEIGHTED.choose(&mut random).ok_or("there are victims")?;
            if victim.kill(kit, &mut random).await.map_err(|error| format!("{victim:?}: {error}"))? {
                *killed.entry(victim).or_default() += 1;
                done += 1;
            }
            tokio::time::sleep(Duration::from_millis(random.random_range(200..2500))).await;
        }
        total += ledger.figures().await?;
        eprintln!("{:>5.0} s  {done} of {kills} killed; {total}", started.elapsed().as_secs_f64());
        total.verdict()?;
        ready_within(kit, WITHOUT_PODS).await?;
    }
    eprintln!("killed with seed {seed} in {:.0} s: {killed:?}; {total}", started.elapsed().as_secs_f64());
    Ok(())
}
