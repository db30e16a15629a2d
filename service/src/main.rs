//! `hoopoe`: every role of the data plane, and the people's commands, in one binary.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use hoopoe::{client, dev, ledger, roles};

/// A notification platform: send, queue, store, fetch; nothing lost, nothing twice.
#[derive(Debug, Parser)]
#[command(name = "hoopoe", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Take notifications over HTTP and publish them to an exchange
    Producer(roles::WorkerArgs),
    /// Drain a queue into the inbox
    Consumer(roles::WorkerArgs),
    /// Serve inboxes over HTTP
    Api(roles::WorkerArgs),
    /// Run manifests as tasks of one process, with embedded parts where no server is given
    Dev(dev::DevArgs),
    /// Bring the database's schema up or down
    Migrate(roles::MigrateArgs),
    /// Send a notification
    Send(client::SendArgs),
    /// Show an owner's inbox
    Inbox(client::InboxArgs),
    /// Mark notifications as seen, read, unread or archived
    Mark(client::MarkArgs),
    /// Send numbered notifications and prove that none was lost or doubled
    Ledger(ledger::LedgerArgs),
    /// Print the OpenAPI document
    Openapi,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // All clients use one TLS implementation. Installing it a second time is no error.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let code = runtime.block_on(run(cli.command)).unwrap_or_else(|error| fail(error.as_ref()));
    // The process ends now, and its runtime must not end before it. The thread of the RabbitMQ client waits on this
    // runtime's timers and panics when they are gone. A blocking call that hangs (a name look-up, a file) cannot keep a
    // drained process alive either, because nothing waits for it.
    std::mem::forget(runtime);
    code
}

async fn run(command: Command) -> Result<ExitCode, Box<dyn std::error::Error>> {
    match command {
        Command::Producer(args) => roles::producer(&args).await?,
        Command::Consumer(args) => roles::consumer(&args).await?,
        Command::Api(args) => roles::api(&args).await?,
        Command::Dev(args) => dev::run(args).await?,
        Command::Migrate(args) => roles::migrate(&args).await?,
        Command::Send(args) => return Ok(client::send(args).await?),
        Command::Inbox(args) => return Ok(client::inbox(args).await?),
        Command::Mark(args) => return Ok(client::mark(args).await?),
        Command::Ledger(args) => return Ok(ledger::run(args).await?),
        Command::Openapi => println!("{}", hoopoe::edge::http::openapi::document()),
    }
    Ok(ExitCode::SUCCESS)
}

/// The error and its causes, on one line.
fn fail(error: &dyn std::error::Error) -> ExitCode {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !line.contains(&cause_text) {
            line = format!("{line}: {cause_text}");
        }
        source = cause.source();
    }
    eprintln!("hoopoe: {line}");
    ExitCode::FAILURE
}
