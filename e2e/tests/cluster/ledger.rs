//! Runs `hoopoe ledger` while the cluster is disturbed. It checks that every accepted notification is seen exactly
//! once, that no inbox goes back in time, and that each count of unread notifications is right.

use std::fmt::{Display, Formatter};
use std::ops::AddAssign;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::process::{Child, Command};

use super::kit::{APPS, Kit, Outcome};

/// A running ledger.
pub struct Ledger(Child);

impl Ledger {
    /// Starts a ledger that sends half of its notifications over HTTP through the producer's Service and half with a
    /// plain AMQP client, and reads through the API's Service.
    pub async fn start(kit: &Kit, length: Duration) -> Outcome<Self> {
        Self::start_with(kit, length, &[]).await
    }

    /// The same with more options.
    pub async fn start_with(kit: &Kit, length: Duration, options: &[&str]) -> Outcome<Self> {
        let amqp = kit.url("backends", "rabbitmq").await?.replace("http://", "amqp://hoopoe:hoopoe@");
        let mut ledger = Command::new(&kit.hoopoe);
        ledger
            .args(["ledger", "--json", "--rate", "100", "--settle", "60s", "--exchange", "shop.events"])
            .args(["--producer", &kit.url(APPS, "orders-producer").await?, "--api", &kit.url(APPS, "inbox-api").await?])
            .args(["--for", &format!("{}s", length.as_secs()), "--amqp", &amqp])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        Ok(Self(ledger.spawn()?))
    }

    /// Waits for its end and checks its counts.
    pub async fn verdict(self) -> Outcome {
        let figures = self.figures().await?;
        eprintln!("        ledger: {figures}");
        figures.verdict()
    }

    /// Waits for its end and returns its counts.
    pub async fn figures(self) -> Outcome<Figures> {
        let output = self.0.wait_with_output().await?;
        let figures: Figures = serde_json::from_slice(&output.stdout)?;
        if figures.verdict().is_err() {
            // Add its own report in words for each owner.
            eprintln!("{}", String::from_utf8_lossy(&output.stdout));
        }
        Ok(figures)
    }
}

/// The counts of a ledger.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
pub struct Figures {
    sent: u64,
    accepted: u64,
    seen: u64,
    lost: u64,
    doubled: u64,
    backwards: u64,
    unread_mismatches: u64,
    not_read_back: u64,
    retries: u64,
}

impl Figures {
    /// Fails if a notification was lost or doubled, an inbox went back, a count was wrong, or no notification was seen.
    /// An inbox that could not be read at the end gives an error of its own, because its content is unknown.
    pub fn verdict(&self) -> Outcome {
        let broken = [self.lost, self.doubled, self.backwards, self.unread_mismatches];
        if broken != [0; 4] {
            Err(format!("the ledger says: {self}").into())
        } else if self.not_read_back > 0 {
            Err(format!("the ledger cannot tell, the API answered too late: {self}").into())
        } else if self.seen == 0 {
            Err("the ledger saw nothing".into())
        } else {
            Ok(())
        }
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        let Self { sent, accepted, seen, lost, doubled, backwards, unread_mismatches, not_read_back, retries } = other;
        self.sent += sent;
        self.accepted += accepted;
        self.seen += seen;
        self.lost += lost;
        self.doubled += doubled;
        self.backwards += backwards;
        self.unread_mismatches += unread_mismatches;
        self.not_read_back += not_read_back;
        self.retries += retries;
    }
}

impl Display for Figures {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { sent, accepted, seen, lost, doubled, backwards, unread_mismatches, not_read_back, retries } = self;
        write!(
            f,
            "sent {sent}, accepted {accepted}, seen {seen}, lost {lost}, doubled {doubled}, backwards {backwards}, \
             wrong counts {unread_mismatches}, not read back {not_read_back}, retries {retries}"
        )
    }
}
