//! `hoopoe send`: sends one notification, to one owner or to several.

use std::{collections::BTreeSet, process::ExitCode, time::Duration};

use hoopoe_crds::duration::Span;
use serde_json::value::RawValue;
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    ClientError,
    backoff::Backoff,
    connect::{ProducerArg, Server, TrustArg, http_client},
    draft::Draft,
    ingest::{Attempt, post, post_batch},
    terminal,
};

/// The most items that a batch may have.
const LARGEST_BATCH: usize = 1000;

/// Sends a notification and prints its id. While the producer is away or busy, the command sends it again with the same
/// id.
#[derive(Clone, Debug, clap::Args)]
pub struct SendArgs {
    /// The owner to send the notification to; repeat the option for several owners.
    #[arg(long = "to", required = true, value_name = "OWNER")]
    pub to: Vec<String>,
    /// What happened, e.g. order.shipped.
    #[arg(long)]
    pub kind: String,
    /// The line that people see.
    #[arg(long)]
    pub title: Option<String>,
    /// The text below it.
    #[arg(long)]
    pub body: Option<String>,
    /// Any JSON, for the application that shows it.
    #[arg(long, value_name = "JSON", value_parser = parse_json)]
    pub data: Option<Box<RawValue>>,
    /// Who caused it.
    #[arg(long)]
    pub actor: Option<String>,
    /// Its priority, 0 to 9.
    #[arg(long, value_name = "N")]
    pub priority: Option<u8>,
    /// Its identity: sending it again with the same id changes nothing. Default: a new UUIDv7.
    #[arg(long)]
    pub id: Option<String>,
    /// The moment after which it is not shown any more, e.g. 2026-12-31T23:59:59Z.
    #[arg(long, value_name = "TIME")]
    pub expires_at: Option<String>,
    /// How long to keep trying, e.g. 10s.
    #[arg(long, default_value = "10s", value_name = "DURATION")]
    pub timeout: Span,
    /// Where the producer is.
    #[command(flatten)]
    pub producer: ProducerArg,
    /// Which authorities to trust.
    #[command(flatten)]
    pub trust: TrustArg,
}

fn parse_json(text: &str) -> Result<Box<RawValue>, String> {
    RawValue::from_string(text.to_owned()).map_err(|error| format!("not JSON: {error}"))
}

/// One draft per owner, all with the same id, because it is the same event. An owner that is given twice counts once.
fn drafts(args: &SendArgs) -> Vec<Draft> {
    let id = args.id.clone().unwrap_or_else(|| Uuid::now_v7().to_string());
    let owners: BTreeSet<&String> = args.to.iter().collect();
    let draft = |owner: &String| Draft {
        id: id.clone(),
        owner: owner.clone(),
        kind: args.kind.clone(),
        actor: args.actor.clone(),
        title: args.title.clone(),
        body: args.body.clone(),
        data: args.data.clone(),
        priority: args.priority,
        expires_at: args.expires_at.clone(),
    };
    owners.into_iter().map(draft).collect()
}

/// Runs the command.
pub async fn run(args: SendArgs) -> Result<ExitCode, ClientError> {
    let drafts = drafts(&args);
    if drafts.len() > LARGEST_BATCH {
        let reason = format!("at most {LARGEST_BATCH} owners are allowed, got {}", drafts.len());
        return Err(ClientError::Option { option: "--to", reason });
    }
    let timeout = Duration::from(args.timeout);
    let client = http_client(
        &args.trust,
        timeout.max(Duration::from_millis(100)),
        std::slice::from_ref(&args.producer.producer),
    )?;
    let producer = Server::new(client, &args.producer.producer, "--producer")?;
    let id = deliver(&producer, drafts, timeout).await?;
    terminal::line(&id)?;
    Ok(ExitCode::SUCCESS)
}

/// Sends until every draft is accepted or refused. Returns the id that the server answered with.
async fn deliver(producer: &Server, drafts: Vec<Draft>, timeout: Duration) -> Result<String, ClientError> {
    let (deadline, all) = (Instant::now() + timeout, drafts.len());
    let mut id = drafts.first().map(|draft| draft.id.clone()).unwrap_or_default();
    let mut backoff = Backoff::default();
    let (mut open, mut refused) = (drafts, Vec::new());
    loop {
        let attempts = match open.as_slice() {
            [one] => vec![post(producer, one).await],
            several => post_batch(producer, several).await,
        };
        let (mut wait, mut last, mut again) = (None, String::new(), Vec::new());
        for (draft, attempt) in open.into_iter().zip(attempts) {
            match attempt {
                Attempt::Accepted { id: theirs } => id = theirs,
                Attempt::Again { after, why } => {
                    wait = wait.max(after);
                    last = why;
                    again.push(draft);
                }
                Attempt::Never { problem } => refused.push((draft, problem)),
            }
        }
        open = again;
        if open.is_empty() {
            break;
        }
        let pause = backoff.next_wait(wait, rand::random());
        if Instant::now() + pause >= deadline {
            return Err(ClientError::NotAccepted { id, timeout, last });
        }
        tokio::time::sleep(pause).await;
    }
    if all == 1
        && let Some((_, problem)) = refused.pop()
    {
        return Err(ClientError::Refused(problem));
    }
    for (draft, problem) in &refused {
        terminal::line(&format!("{}: {problem}", terminal::plain(&draft.owner)))?;
    }
    if refused.is_empty() { Ok(id) } else { Err(ClientError::PartlySent { failed: refused.len(), all }) }
}
