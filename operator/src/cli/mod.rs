//! `hoopoe-operator <command>`.

pub mod run;

use clap::{Parser, Subcommand};

use crate::config::Config;

/// The operator of Hoopoe.
#[derive(Debug, Parser)]
#[command(name = "hoopoe-operator", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reconcile NotifProducers and NotifConsumers until told to stop
    Run(Box<Config>),
}

impl Cli {
    /// Does it; the text of an error is one line.
    pub async fn execute(self) -> Result<(), String> {
        match self.command {
            Command::Run(config) => run::run(&config).await.map_err(|error| error.to_string()),
        }
    }
}
