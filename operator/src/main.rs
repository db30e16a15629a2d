//! `hoopoe-operator`.

use std::process::ExitCode;

use clap::Parser;
use hoopoe_operator::{cli::Cli, telemetry};

#[tokio::main]
async fn main() -> ExitCode {
    // The one provider of the whole workspace; it is set once, before any TLS connection.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::parse();
    let is_for_people = cli.is_for_people();
    let telemetry = match telemetry::start(cli.otlp_endpoint()) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            eprintln!("hoopoe-operator: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = match cli.execute().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if is_for_people {
                eprintln!("hoopoe-operator: {error}");
            } else {
                tracing::error!("{error}");
            }
            ExitCode::FAILURE
        }
    };
    // Blocks until the collector has answered.
    let _ = tokio::task::spawn_blocking(|| telemetry.shutdown()).await;
    code
}
