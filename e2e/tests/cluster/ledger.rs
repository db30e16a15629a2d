//! `hoopoe ledger` beside what is done to the cluster: what was accepted is seen, once, and no inbox runs back.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::{Child, Command};

use super::kit::{APPS, Kit, Outcome};

/// A running ledger.
pub struct Ledger(Child);

impl Ledger {
    /// Half over HTTP through the producer's Service, half by a plain AMQP client; read through the API's.
    pub async fn start(kit: &Kit, length: Duration) -> Outcome<Self> {
        let amqp = kit.url("backends", "rabbitmq").await?.replace("http://", "amqp://hoopoe:hoopoe@");
        let mut ledger = Command::new(&kit.hoopoe);
        ledger
            .args(["ledger", "--json", "--rate", "100", "--settle", "60s", "--exchange", "shop.events"])
            .args(["--producer", &kit.url(APPS, "orders-producer").await?, "--api", &kit.url(APPS, "inbox-api").await?])
            .args(["--for", &format!("{}s", length.as_secs()), "--amqp", &amqp])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        Ok(Self(ledger.spawn()?))
    }

    /// Waits for its end: nothing lost, nothing doubled, nothing backwards, and something sent.
    pub async fn verdict(self) -> Outcome {
        let output = self.0.wait_with_output().await?;
        let text = String::from_utf8_lossy(&output.stdout);
        eprintln!("ledger: {}", text.trim());
        let figures: Value = serde_json::from_str(text.trim())?;
        let figure = |name: &str| figures[name].as_u64().ok_or(format!("the ledger says nothing of {name}: {text}"));
        if figure("seen")? == 0 {
            return Err("the ledger saw nothing".into());
        }
        for bad in ["lost", "doubled", "backwards"] {
            if figure(bad)? != 0 {
                return Err(format!("the ledger says {bad}: {}", figure(bad)?).into());
            }
        }
        match output.status.success() {
            true => Ok(()),
            false => Err(format!("the ledger ended with {}", output.status).into()),
        }
    }
}
