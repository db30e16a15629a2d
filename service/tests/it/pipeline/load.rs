//! The ledger as the source of load: it sends numbered notifications over HTTP and AMQP while a fault happens.

use std::time::Duration;

use clap::Parser;
use hoopoe::ledger::{Figures, LedgerArgs, run_plan};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::stack::{EXCHANGE, Stack};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    ledger: LedgerArgs,
}

pub struct Load {
    enough: CancellationToken,
    figures: JoinHandle<Figures>,
}

impl Load {
    /// Starts to send, half over HTTP and half over AMQP, and lets that run for a second and a half.
    pub async fn begin(stack: &Stack) -> Self {
        let amqp = stack.rabbit.url();
        let mut args = vec!["ledger", "--producer", &stack.producer_url, "--amqp", &amqp, "--exchange", EXCHANGE];
        args.extend(["--rate", "200", "--for", "60s", "--settle", "20s", "--owners", "12"]);
        stack.api_urls.iter().for_each(|url| args.extend(["--api", url]));
        let plan = Cli::parse_from(args).ledger.plan().unwrap();
        let enough = CancellationToken::new();
        let figures = tokio::spawn(run_plan(plan, enough.clone()));
        tokio::time::sleep(Duration::from_millis(1500)).await;
        Self { enough, figures }
    }

    /// Sends for two more seconds, waits until everything has settled, and returns the figures.
    pub async fn end(self) -> Figures {
        tokio::time::sleep(Duration::from_secs(2)).await;
        self.enough.cancel();
        self.figures.await.unwrap()
    }
}
