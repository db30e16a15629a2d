//! Two operators, of which one leads.

use std::time::Instant;

use crate::control_plane::kit::{Kit, only};
use crate::testkit::wait::eventually;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_takes_over_when_the_leader_is_killed_and_repeats_nothing() {
    let kit = Kit::unattended().await;
    let first = kit.start_operator(&only("leaders")).await;
    let shop = kit.namespace("leaders").await;
    shop.producer("events", "exchange: {name: leaders}").await;
    shop.ready("nprod/events").await;
    let second = kit.start_operator(&only("leaders")).await;
    assert!(first.leads().await && !second.leads().await);
    let before = shop.quiet_versions().await;
    first.kill().await;
    let killed = Instant::now();
    eventually("the second leads", async || second.leads().await).await;
    println!("took over after {:.1} s", killed.elapsed().as_secs_f32());
    shop.producer("more", "exchange: {name: leaders-more}").await;
    shop.ready("nprod/more").await;
    let after: Vec<_> = shop.versions().await.into_iter().filter(|line| !line.contains("/more")).collect();
    assert_eq!(after, before, "nothing was written again");
    assert!(!second.log().contains("panicked"));
    // The third operator tries again when the lease would have ended: fifteen seconds after its last renewal.
    let third = kit.start_operator(&only("leaders")).await;
    second.stop().await;
    let stopped = Instant::now();
    eventually("the third leads", async || third.leads().await).await;
    assert!(stopped.elapsed().as_secs() < 20, "{:?}", stopped.elapsed());
    third.stop().await;
}
