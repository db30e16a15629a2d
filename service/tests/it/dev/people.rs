//! The commands for people, run against `hoopoe dev`.

use hoopoe_e2e::free_port;
use serde_json::Value;

use crate::dev::kit::{Dev, binary, consumer, inbox_of, producer, run, send_until_taken, yaml};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn send_inbox_mark_and_ledger() {
    let port = free_port().unwrap();
    let url = format!("http://127.0.0.1:{port}");
    let _dev = Dev::new(&yaml(&[producer("orders", "shop", port), consumer("inbox", "shop", port)])).started().await;
    send_until_taken(port, "warm", "up").await;
    let command = |name: &str| binary(name).env("HOOPOE_PRODUCER", &url).env("HOOPOE_API", &url).env("NO_PROXY", "*");

    let sent = ["send", "--to", "ada", "--kind", "k", "--title", "On its way", "--id", "n1", "--data", "{\"a\":1}"];
    let (status, log) = run(&command("send").args(sent)).await;
    assert!(status.success(), "{log}");
    inbox_of(port, "ada", 1).await;
    let (status, log) = run(&command("inbox").args(["inbox", "ada"])).await;
    assert!(status.success() && log.contains("On its way"), "{log}");
    let (status, log) = run(&command("mark").args(["mark", "ada", "--all", "--as", "read"])).await;
    assert!(status.success(), "{log}");
    let (status, log) = run(&command("unread").args(["inbox", "ada", "--unread"])).await;
    assert!(status.success() && !log.contains("On its way"), "{log}");

    let (status, log) = run(&command("ledger").args(["ledger", "--rate", "100", "--for", "3s", "--json"])).await;
    assert!(status.success(), "{log}");
    let figures: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    for zero in ["lost", "doubled", "backwards"] {
        assert_eq!(figures[zero], 0, "{zero}: {figures}");
    }
    assert!(figures["accepted"].as_u64().unwrap() > 200, "{figures}");
}
