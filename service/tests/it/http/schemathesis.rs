//! schemathesis (from `PyPI`) over the document and the running surface: what the document promises is what is sent.

use std::process::Stdio;

use crate::http::kit::{Stand, producer_config};

/// `HOOPOE_SCHEMATHESIS` is the executable (default: the one on the path), `HOOPOE_SCHEMATHESIS_EXAMPLES` how hard it tries.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes, and schemathesis is not a part of this repository: make api-test installs and runs it"]
async fn schemathesis_finds_nothing() {
    // Fanout: a valid notification of any kind has a queue that takes it.
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
        .expect("schemathesis cannot be started");
    assert!(status.success(), "{status}");
}
