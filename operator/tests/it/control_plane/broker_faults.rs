//! The operator crashes between any two writes to the broker, those of a deletion included.

use futures::StreamExt;

use super::{
    broker_proxy::BrokerProxy,
    faults::{ask_for, both_ready, broker_state, end_state},
    faulty_client::{self, Fault},
    kit::Kit,
};
use crate::testkit::wait::eventually;

/// The results of one life of both resources.
struct Life {
    /// Children and broker objects at the moment when both were Ready.
    state: (String, String),
    /// The number of writes to the broker until then, and until the end.
    writes: (u32, u32),
}

/// Creates and deletes both resources. The operator dies once, after `crash_after` writes to the broker, and another
/// replaces it.
async fn life(kit: &Kit, crash_after: Option<u32>) -> Life {
    // Names of the same length, so that none is contained in another.
    let name = format!("broken-{}", crash_after.map_or("xx".to_owned(), |after| format!("{after:02}")));
    let shop = kit.namespace(&name).await;
    let proxy = BrokerProxy::start(&kit.rabbit.management_url(), crash_after.unwrap_or(u32::MAX)).await;
    shop.secret("rabbit", &kit.rabbit.url(), &[("managementUri", &proxy.url)]).await;
    let kubeconfig = kit.plane.kubeconfig_for("operator", None).unwrap();
    let start = async |lease: &str| {
        let flags = ["--watch-namespace", &name, "--lease-name", lease];
        faulty_client::operator(&kubeconfig, Fault::CrashAfter(u32::MAX), &flags).await
    };
    let mut operator = start(&name).await;
    ask_for(&shop).await;
    eventually("ready, or the crash", async || {
        proxy.is_gone() || (shop.is_ready("nprod/events").await && shop.is_ready("ncons/inbox").await)
    })
    .await;
    let mut crashed = proxy.is_gone();
    if crashed {
        drop(operator);
        proxy.heal();
        operator = start(&format!("{name}-again")).await;
    }
    both_ready(&shop).await;
    let state = (end_state(&shop).await, broker_state(kit, &shop).await);
    let made = proxy.writes();
    shop.kubectl(&["delete", "ncons/inbox", "nprod/events", "--wait=false"]).await;
    let are_gone = async || !shop.exists("ncons/inbox").await && !shop.exists("nprod/events").await;
    eventually("deleted, or the crash", async || proxy.is_gone() || are_gone().await).await;
    if proxy.is_gone() {
        crashed = true;
        drop(operator);
        proxy.heal();
        operator = start(&format!("{name}-later")).await;
    }
    eventually("deleted", are_gone).await;
    assert_eq!(crashed, crash_after.is_some(), "{name}");
    assert_eq!(broker_state(kit, &shop).await, "", "{name}: nothing is left on the broker");
    drop(operator);
    Life { state, writes: (made, proxy.writes()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_any_two_writes_to_the_broker_ends_in_the_same_state() {
    let kit = Kit::unattended().await;
    let Life { state: expected, writes: (made, all) } = life(&kit, None).await;
    assert!(made >= 6 && all >= made + 5, "{made} writes to make, {all} in all");
    let mut lives = futures::stream::iter(0..all)
        .map(|after| {
            let kit = &*kit;
            async move { (after, life(kit, Some(after)).await) }
        })
        .buffer_unordered(4);
    while let Some((after, Life { state, .. })) = lives.next().await {
        assert_eq!(state, expected, "crashed after write {after} of {all}");
    }
    println!("{all} positions, {made} of them while making");
}
