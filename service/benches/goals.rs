//! The performance goals as ratios: each part is measured beside its limit, in one run on one machine, with real
//! servers.
//!
//! `cargo bench -p hoopoe --bench goals`, or `make bench`. `HOOPOE_BENCH=drain,304` runs only the measures whose name
//! contains one of these texts. `HOOPOE_BENCH_ROUNDS=1` gives a quick look; the default is 5 rounds, and the table
//! shows their medians.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::cast_precision_loss)]

#[path = "goals/commit.rs"]
mod commit;
#[path = "goals/drain.rs"]
mod drain;
#[path = "goals/end_to_end.rs"]
mod end_to_end;
#[path = "goals/http_client.rs"]
mod http_client;
#[path = "goals/inbox.rs"]
mod inbox;
#[path = "goals/ingest.rs"]
mod ingest;
#[path = "goals/latency.rs"]
mod latency;
#[path = "goals/memory.rs"]
mod memory;
#[path = "goals/notifications.rs"]
mod notifications;
#[path = "goals/polls.rs"]
mod polls;
#[path = "goals/raw_amqp.rs"]
mod raw_amqp;
#[path = "goals/rounds.rs"]
mod rounds;
#[path = "goals/servers.rs"]
mod servers;
#[path = "goals/table.rs"]
mod table;

use std::time::Instant;

use rounds::Only;
use servers::Servers;
use table::Table;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let (only, began) = (Only::from_env(), Instant::now());
    let servers = Servers::start().await;
    let mut table = Table::default();
    if only.wants("commit") {
        commit::measure(&servers, &mut table).await;
    }
    if only.wants("drain") {
        drain::measure(&servers, &mut table).await;
    }
    if only.wants("ingest") {
        ingest::measure(&servers, &mut table).await;
    }
    if only.wants("end to end") {
        end_to_end::measure(&servers, &mut table).await;
    }
    if only.wants("304") || only.wants("200") {
        polls::measure(&servers, &mut table).await;
    }
    if only.wants("latency") {
        latency::measure(&servers, &mut table).await;
    }
    if only.wants("memory") {
        memory::measure(&servers, &mut table).await;
    }
    table.print(&servers, began.elapsed());
}
