//! `hoopoe-operator`.

use std::process::ExitCode;

use clap::Parser;
use hoopoe_operator::cli::Cli;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    // The one provider of the whole workspace; it is set once, before any TLS connection.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let filter = EnvFilter::try_from_env("HOOPOE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter).with_writer(std::io::stderr).init();
    let cli = Cli::parse();
    let is_for_people = cli.is_for_people();
    match cli.execute().await {
        Ok(()) => return ExitCode::SUCCESS,
        Err(error) if is_for_people => eprintln!("hoopoe-operator: {error}"),
        Err(error) => tracing::error!("{error}"),
    }
    ExitCode::FAILURE
}
