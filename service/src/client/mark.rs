//! `hoopoe mark`: marks notifications as seen, read, unread, archived or unarchived.

use std::process::ExitCode;

use clap::{ValueEnum, builder::PossibleValue};
use serde::Serialize;

use super::{
    ClientError,
    connect::{ApiArg, Server, TrustArg, http_client},
    feed, show, terminal,
    wire::HeadAnswer,
};
use crate::store::{MarkState, Position};

/// How long one request may take.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// Marks notifications of an inbox.
#[derive(Clone, Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["id", "all"]))]
pub struct MarkArgs {
    /// The owner of the inbox.
    pub owner: String,
    /// The id of a notification; repeat the option for several.
    #[arg(long, value_name = "ID")]
    pub id: Vec<String>,
    /// Mark all notifications that are there now; one that arrives meanwhile stays as it is.
    #[arg(long)]
    pub all: bool,
    /// The new state of the notifications.
    #[arg(long = "as", value_name = "STATE")]
    pub state: MarkState,
    /// Where the inbox API is.
    #[command(flatten)]
    pub api: ApiArg,
    /// Which authorities to trust.
    #[command(flatten)]
    pub trust: TrustArg,
}

impl ValueEnum for MarkState {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Seen => "Shown, but not opened",
            Self::Read => "Opened",
            Self::Unread => "Unread again",
            Self::Archived => "Put into the archive",
            Self::Unarchived => "Taken out of the archive",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

/// The body of `POST …/feed:mark`.
#[derive(Serialize)]
#[serde(untagged)]
enum Order {
    Ids {
        ids: Vec<String>,
        #[serde(rename = "as")]
        state: &'static str,
    },
    Upto {
        upto: Position,
        #[serde(rename = "as")]
        state: &'static str,
    },
}

/// Runs the command.
pub async fn run(args: MarkArgs) -> Result<ExitCode, ClientError> {
    let api =
        Server::new(http_client(&args.trust, TIMEOUT, std::slice::from_ref(&args.api.api))?, &args.api.api, "--api")?;
    let state = args.state.name();
    let order = if args.all {
        if !args.state.goes_up_to_a_head() {
            let reason = "with --all it must be seen, read or archived".to_owned();
            return Err(ClientError::Option { option: "--as", reason });
        }
        let upto = feed::head(&api, &args.owner).await?.head.position();
        Order::Upto { upto, state }
    } else {
        Order::Ids { ids: args.id, state }
    };
    let call = api.client().post(api.url(&["v1", "owners", &args.owner, "feed:mark"])).json(&order);
    let answer = call.send().await.map_err(|error| api.failure(&error))?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(|error| api.failure(&error))?;
    let answer: HeadAnswer = feed::read(&api, status, &body)?;
    for id in &answer.unknown {
        terminal::line(&format!("the inbox has no notification {}", terminal::plain(id)))?;
    }
    terminal::line(&show::badge(&answer.head))?;
    Ok(if answer.unknown.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
