//! `hoopoe-operator <command>`.

pub mod assumed_secrets;
pub mod crd;
pub mod manifests;
mod print;
pub mod render;
pub mod run;
pub mod wanted;

use clap::{Parser, Subcommand};

use self::{print::print, render::RenderArgs};
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
    /// Print the definitions of both kinds, for kubectl apply
    Crd,
    /// Print the objects that manifests become, without a cluster
    Render(RenderArgs),
}

impl Cli {
    /// Does it; the text of an error is one line.
    pub async fn execute(self) -> Result<(), String> {
        match self.command {
            Command::Run(config) => run::run(&config).await.map_err(text),
            Command::Crd => print(&crd::text().map_err(text)?).map_err(text),
            Command::Render(args) => print(&render::text(&args).await.map_err(text)?).map_err(text),
        }
    }
}

fn text(error: impl std::error::Error) -> String {
    error.to_string()
}
