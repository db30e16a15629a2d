//! `hoopoe inbox`: shows the newest notifications, and with `--watch` also those that arrive later.

use std::{process::ExitCode, time::Duration};

use tracing::debug;

use super::{
    ClientError,
    backoff::Backoff,
    connect::{ApiArg, Server, TrustArg, http_client},
    feed::{FeedReply, FeedRequest, poll},
    follow::{Follower, Step},
    show, terminal,
    wire::Row,
};
use crate::{store::Head, timestamp::Timestamp};

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often to poll when the server gives no interval.
const INTERVAL: Duration = Duration::from_secs(5);
/// Bounds on the interval that the server may give: a wrong header must neither stop a client nor make it spin.
const INTERVALS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_mins(5));

/// Shows an inbox.
#[derive(Clone, Debug, clap::Args)]
pub struct InboxArgs {
    /// The owner of the inbox.
    pub owner: String,
    /// Keep running and print what arrives.
    #[arg(long)]
    pub watch: bool,
    /// How many of the newest notifications to show, 1 to 200.
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=200))]
    pub limit: u32,
    /// Show only unread notifications.
    #[arg(long)]
    pub unread: bool,
    /// Print the server's answer as it is; with --watch one row per line.
    #[arg(long)]
    pub json: bool,
    /// Where the inbox API is.
    #[command(flatten)]
    pub api: ApiArg,
    /// Which authorities to trust.
    #[command(flatten)]
    pub trust: TrustArg,
}

/// Runs the command.
pub async fn run(args: InboxArgs) -> Result<ExitCode, ClientError> {
    let api =
        Server::new(http_client(&args.trust, TIMEOUT, std::slice::from_ref(&args.api.api))?, &args.api.api, "--api")?;
    if args.watch {
        return watch(&api, &args).await;
    }
    let request = FeedRequest { limit: args.limit, unread: args.unread, ..FeedRequest::default() };
    let polled = poll(&api, &args.owner, &request).await?;
    let FeedReply::Page { page, body, .. } = polled.reply else {
        return Err(api.not_ours("the status is 304, but the request had no If-None-Match"));
    };
    if args.json {
        terminal::line(&String::from_utf8_lossy(&body))?;
        return Ok(ExitCode::SUCCESS);
    }
    print_rows(&page.items, &page.head, false)?;
    let more = if page.next.is_some() { "; there are more (raise --limit)" } else { "" };
    terminal::line(&format!("{}{more}", show::badge(&page.head)))?;
    Ok(ExitCode::SUCCESS)
}

/// Follows the inbox until the process ends. The first request must succeed, so that a wrong address is reported at
/// once.
async fn watch(api: &Server, args: &InboxArgs) -> Result<ExitCode, ClientError> {
    let mut follower = Follower::newest(args.limit, args.unread);
    let mut backoff = Backoff::default();
    let mut known_rev = 0;
    loop {
        let polled = match poll(api, &args.owner, &follower.request()).await {
            Ok(polled) => polled,
            Err(error) if follower.position().is_none() => return Err(error),
            // A refusal such as 404 stays, so give up; 5xx and 429 may pass.
            Err(ClientError::Refused(problem)) if problem.status < 500 && problem.status != 429 => {
                return Err(ClientError::Refused(problem));
            }
            Err(error) => {
                debug!(%error, "failed to poll the inbox; trying again");
                tokio::time::sleep(backoff.next_wait(None, rand::random())).await;
                continue;
            }
        };
        backoff.reset();
        let (head, rows, oldest_first) = match follower.take(polled.reply) {
            Step::Nothing => (None, Vec::new(), false),
            Step::Standing { head, rows, reset_from } => {
                // Epoch 0 means that the owner had no row yet. The first notification makes the row and so always
                // causes a reset: it is not one to report.
                if reset_from.is_some_and(|position| position.epoch.owner != 0) {
                    terminal::line("-- the last position is no longer valid; the newest notifications follow:")?;
                }
                known_rev = 0;
                (Some(head), rows, false)
            }
            Step::Changed { head, rows, .. } => (Some(head), rows, true),
        };
        if let Some(head) = head {
            let news: Vec<Row> = rows.into_iter().filter(|row| !args.unread || row.rev > known_rev).collect();
            print_watched(args, &news, &head, oldest_first)?;
            known_rev = head.rev;
        }
        if !follower.is_behind() {
            tokio::time::sleep(polled.interval.unwrap_or(INTERVAL).clamp(INTERVALS.0, INTERVALS.1)).await;
        }
    }
}

fn print_watched(args: &InboxArgs, rows: &[Row], head: &Head, oldest_first: bool) -> Result<(), ClientError> {
    if !args.json {
        return print_rows(rows, head, oldest_first);
    }
    let mut lines: Vec<_> = rows.iter().filter_map(|row| serde_json::to_string(row).ok()).collect();
    if !oldest_first {
        lines.reverse();
    }
    lines.iter().try_for_each(|line| terminal::line(line))?;
    Ok(())
}

/// Prints the newest row last, next to the prompt and just above later news.
fn print_rows(rows: &[Row], head: &Head, oldest_first: bool) -> Result<(), ClientError> {
    let now = Timestamp::now();
    let mut lines: Vec<_> = rows.iter().map(|row| show::line(row, head, now)).collect();
    if !oldest_first {
        lines.reverse();
    }
    lines.iter().try_for_each(|line| terminal::line(line))?;
    Ok(())
}
