//! Ports that are in use, and ports that two resources ask for.

use std::net::TcpListener;

use hoopoe_e2e::free_port;

use crate::dev::kit::{Dev, consumer, inbox_of, producer, send_until_taken, yaml};

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_port_in_use_is_one_clear_line() {
    let dev = Dev::new(&yaml(&[producer("orders", "shop", free_port().unwrap())]));
    let _taken = TcpListener::bind(("127.0.0.1", dev.admin)).unwrap();
    let log = dev.refused().await;
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(&dev.admin.to_string())).collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert!(lines[0].contains("in use"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn producers_take_the_next_free_port_and_share_the_inboxs() {
    // We hold this port during the start, so neither producer gets it.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let wanted = taken.local_addr().unwrap().port();
    let shared = free_port().unwrap();
    let manifests = [
        producer("first", "shop", wanted),
        producer("second", "shop", wanted),
        producer("third", "shop", shared),
        consumer("inbox", "shop", shared),
        consumer("other", "elsewhere", free_port().unwrap()),
        producer("elsewhere", "elsewhere", free_port().unwrap()),
    ];
    let dev = Dev::new(&yaml(&manifests)).started().await;
    let listed = dev.listed("?kind=NotifProducer").await;
    let port = |name: &str| listed[name]["url"].as_str().unwrap().rsplit(':').next().unwrap().parse::<u16>().unwrap();
    assert!(port("first") > wanted && port("second") > port("first"));
    assert_eq!(port("third"), shared);
    let log = dev.child().log();
    assert!(log.contains(&format!("producer first asked for port {wanted}, which is taken")), "{log}");
    assert!(log.contains(listed["second"]["url"].as_str().unwrap()), "{log}");
    for (name, id) in [("first", "n1"), ("second", "n2"), ("third", "n3")] {
        send_until_taken(port(name), "ada", id).await;
    }
    inbox_of(shared, "ada", 3).await;
    // All inbox APIs share one store: each shows what any consumer stored.
    let apis = dev.listed("?kind=NotifConsumer").await;
    let other = apis["other"]["url"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
    assert_eq!(inbox_of(other, "ada", 3).await.len(), 3);
}
