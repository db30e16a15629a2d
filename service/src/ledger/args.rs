//! The command line of `hoopoe ledger`.

use std::{path::Path, process::ExitCode, time::Duration};

use hoopoe_crds::duration::Span;
use reqwest::Url;
use tokio_util::sync::CancellationToken;

use super::{
    numbering::{MOST, Numbering},
    plan::{AmqpPlan, Plan},
    report,
    run::run_plan,
};
use crate::client::{
    ClientError,
    connect::{Server, TrustArg, http_client},
    terminal,
};

/// How long one request may take, so that after a fault the next attempt does not wait long for the last one.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Proves on a running installation that nothing is lost, nothing shows twice and no inbox runs backwards. It sends
/// numbered notifications to inboxes of its own, follows these inboxes as clients do, reads them back, and compares. It
/// exits with 1 if a promise does not hold.
#[derive(Clone, Debug, clap::Args)]
pub struct LedgerArgs {
    /// The producer's address; repeat the option to use several in turn.
    #[arg(
        long,
        env = "HOOPOE_PRODUCER",
        default_value = "http://127.0.0.1:8080",
        value_name = "URL",
        value_delimiter = ','
    )]
    pub producer: Vec<Url>,
    /// The inbox API's address; repeat the option to use several in turn.
    #[arg(
        long,
        env = "HOOPOE_API",
        default_value = "http://127.0.0.1:8080",
        value_name = "URL",
        value_delimiter = ','
    )]
    pub api: Vec<Url>,
    /// Publish half of the notifications straight to the broker, as a plain AMQP client.
    #[arg(long, env = "HOOPOE_LEDGER_AMQP", hide_env_values = true, value_name = "URL", requires = "exchange")]
    pub amqp: Option<String>,
    /// The exchange for --amqp.
    #[arg(long, value_name = "NAME", requires = "amqp")]
    pub exchange: Option<String>,
    /// The routing key for --amqp. Default: the kind.
    #[arg(long, value_name = "KEY", requires = "amqp")]
    pub routing_key: Option<String>,
    /// Notifications a second, in all.
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: u32,
    /// How long to send, e.g. 30s.
    #[arg(long = "for", default_value = "10s", value_name = "DURATION")]
    pub duration: Span,
    /// How many inboxes to use.
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub owners: u32,
    /// How long to wait at the end until every accepted notification is visible.
    #[arg(long, default_value = "30s", value_name = "DURATION")]
    pub settle: Span,
    /// How often to poll each inbox; it limits how exact the times to visible are.
    #[arg(long, default_value = "50ms", value_name = "DURATION")]
    pub poll: Span,
    /// How many posts may wait for their answer at once.
    #[arg(long, default_value_t = 256, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub in_flight: u32,
    /// The kind of the notifications; it is also the default routing key.
    #[arg(long, default_value = "hoopoe.ledger")]
    pub kind: String,
    /// The start of the owners' names; a random part follows, which differs in each run.
    #[arg(long, default_value = "ledger-", value_name = "TEXT")]
    pub prefix: String,
    /// The seed for choosing the owner of each notification. Default: random.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Print the figures as JSON.
    #[arg(long)]
    pub json: bool,
    /// Which authorities to trust, for HTTPS and AMQPS.
    #[command(flatten)]
    pub trust: TrustArg,
}

impl LedgerArgs {
    /// The plan, or the option that cannot be used.
    pub fn plan(&self) -> Result<Plan, ClientError> {
        let duration = Duration::from(self.duration);
        let wanted = duration.as_secs_f64() * f64::from(self.rate);
        #[expect(clippy::cast_precision_loss, reason = "5 million")]
        if wanted > MOST as f64 {
            let Self { rate, duration, .. } = self;
            let reason = format!("{rate} a second for {duration} are more than {MOST} notifications, a run's limit");
            return Err(ClientError::Option { option: "--for", reason });
        }
        // An owner has at most 190 bytes. After the prefix come the run (12 digits), a dash and an index (up to 4
        // digits).
        if self.prefix.len() > 150 {
            let reason = format!("it may have at most 150 bytes, got {}", self.prefix.len());
            return Err(ClientError::Option { option: "--prefix", reason });
        }
        let client = http_client(&self.trust, REQUEST_TIMEOUT, &[self.producer.as_slice(), &self.api].concat())?;
        let servers = |urls: &[Url], option| {
            urls.iter().map(|url| Server::new(client.clone(), url, option)).collect::<Result<Vec<_>, _>>()
        };
        let authorities = self.trust.cacert.as_deref().map(read).transpose()?;
        let amqp = self.amqp.clone().zip(self.exchange.clone()).map(|(url, exchange)| {
            let routing_key = self.routing_key.clone().unwrap_or_else(|| self.kind.clone());
            AmqpPlan { url, exchange, routing_key, authorities }
        });
        Ok(Plan {
            producers: servers(&self.producer, "--producer")?,
            apis: servers(&self.api, "--api")?,
            amqp,
            rate: self.rate,
            duration,
            owners: self.owners,
            settle: self.settle.into(),
            poll: self.poll.into(),
            in_flight: self.in_flight as usize,
            kind: self.kind.clone(),
            prefix: self.prefix.clone(),
            seed: self.seed.unwrap_or_else(rand::random),
            numbering: Numbering::new(rand::random()),
        })
    }
}

fn read(path: &Path) -> Result<String, ClientError> {
    std::fs::read_to_string(path)
        .map_err(|error| ClientError::CaFile { path: path.to_owned(), reason: error.to_string() })
}

/// Runs the command. Ctrl-C ends the sending; the figures are computed and printed all the same.
pub async fn run(args: LedgerArgs) -> Result<ExitCode, ClientError> {
    let plan = args.plan()?;
    let enough = CancellationToken::new();
    let stop = enough.clone();
    let interrupt = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    let figures = run_plan(plan, enough).await;
    interrupt.abort();
    if args.json {
        terminal::line(&serde_json::to_string(&figures).map_err(std::io::Error::other)?)?;
    } else {
        report::lines(&figures).iter().try_for_each(|line| terminal::line(line))?;
    }
    Ok(if figures.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
