//! schemathesis (from `PyPI`) compares the running server with the document: the server sends what the document
//! promises.

use std::process::Stdio;

use crate::http::kit::{Stand, producer_config};

/// `HOOPOE_SCHEMATHESIS` names the executable (default: the one on the path), `HOOPOE_SCHEMATHESIS_EXAMPLES` the number
/// of examples.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes, and schemathesis is not a part of this repository: make api-test installs and runs it"]
async fn schemathesis_finds_nothing() {
    // A fanout exchange, so that a valid notification of any kind reaches a queue.
    let mut config = producer_config();
    config.exchange.kind = hoopoe_crds::worker_config::ExchangeType::Fanout;
    let stand = Stand::with(config).await;
    stand.fill("ada", &["order.shipped"; 30]).await;
    let program = std::env::var("HOOPOE_SCHEMATHESIS").unwrap_or_else(|_| "schemathesis".to_owned());
    let examples = std::env::var("HOOPOE_SCHEMATHESIS_EXAMPLES").unwrap_or_else(|_| "100".to_owned());
    let status = tokio::process::Command::new(program)
        .args(["--config-file", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/http/schemathesis.toml")])
        .args(["run", &format!("http://{}/openapi.json", stand.address)])
        .args(["--checks", "all", "--max-examples", &examples, "--continue-on-failure"])
        .stdin(Stdio::null())
        .status()
        .await
        .expect("schemathesis does not start");
    assert!(status.success(), "{status}");
}
