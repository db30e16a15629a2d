//! Tests Hoopoe on a Kubernetes cluster of two nodes that run real pods: Helm installs it, the test uses it, breaks
//! parts of the cluster, and removes it. `make test-cluster` runs it.
//!
//! It is one test with stages. Each stage continues with the state that the one before has left, as in a real
//! installation; one waits so long that others run beside it. The last lines of the output give the time of each stage.

mod backends;
mod chaos;
mod faults;
mod flow;
mod install;
mod kit;
mod ledger;
mod placement;
mod removal;
mod scaling;
mod traces;

use kit::{Kit, Outcome};

#[tokio::test]
async fn from_install_to_uninstall() -> Outcome {
    let kit = Kit::start().await?;
    kit.stage("install: the previous chart, restricted Pod Security", install::previous_chart(&kit)).await?;
    kit.stage("install: users with the least rights", install::least_rights(&kit)).await?;
    kit.stage("resources: both become Ready", install::resources(&kit)).await?;
    kit.stage("flow: posted over HTTP, polled out of pods", flow::http(&kit)).await?;
    kit.stage("install: helm upgrade from the previous chart under load", install::upgrade(&kit)).await?;
    let scaling = kit.stage("scaling: up under a backlog, and back", scaling::up_and_back(&kit));
    // These leave the consumer that scales alone.
    let others = async {
        kit.stage("flow: names are resolved in a pod", flow::names(&kit)).await?;
        kit.stage("flow: ledger over HTTP and a plain AMQP client", flow::amqp(&kit)).await?;
        kit.stage("placement: workers on different nodes", placement::spread(&kit)).await?;
        kit.stage("placement: a NetworkPolicy", placement::network_policy(&kit)).await?;
        kit.stage("faults: pods killed at random", faults::pods_killed(&kit)).await
    };
    tokio::try_join!(scaling, others)?;
    kit.stage("faults: a node drained, the PDB in the way", faults::drain(&kit)).await?;
    kit.stage("faults: a kubelet restarted", faults::kubelet(&kit)).await?;
    kit.stage("faults: each backend restarted", backends::restarted(&kit)).await?;
    kit.stage("faults: a Secret rotated", backends::rotated(&kit)).await?;
    kit.stage("faults: a node lost", faults::node_lost(&kit)).await?;
    kit.stage("removal: queues gone, non-empty ones kept", removal::resources(&kit)).await?;
    kit.stage("removal: helm uninstall keeps CRDs and data", removal::chart(&kit)).await?;
    kit.end().await
}

/// `make chaos KILLS=1000 SEED=…`
#[tokio::test]
#[ignore = "an hour for a thousand kills: make chaos runs it"]
async fn random_kills_lose_nothing() -> Outcome {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let kills = usize::try_from(number("HOOPOE_CHAOS_KILLS").unwrap_or(50))?;
    let seed = number("HOOPOE_CHAOS_SEED").unwrap_or_else(rand::random);
    eprintln!("{kills} kills; the same again: make chaos KILLS={kills} SEED={seed}");
    let kit = Kit::start().await?;
    kit.stage("install: helm, restricted Pod Security", install::chart(&kit)).await?;
    kit.stage("install: users with the least rights", install::least_rights(&kit)).await?;
    kit.stage("resources: both become Ready", install::resources(&kit)).await?;
    kit.stage("chaos: everything killed at random", chaos::kill_at_random(&kit, kills, seed)).await?;
    kit.end().await
}
