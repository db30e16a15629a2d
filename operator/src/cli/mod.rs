//! `hoopoe-operator <command>`.

pub mod assumed_secrets;
pub mod check;
pub mod crd;
pub mod either;
pub mod explain;
pub mod manifests;
pub mod plan;
mod print;
pub mod release;
pub mod render;
pub mod run;

use clap::{Parser, Subcommand};
use kube::Client;

use self::{
    check::CheckArgs, explain::ExplainArgs, plan::PlanArgs, print::print, release::ReleaseArgs, render::RenderArgs,
};
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
    /// Reconcile both kinds until told to stop
    Run(Box<Config>),
    /// Print the definitions of both kinds, for kubectl apply
    Crd,
    /// Print the Kubernetes objects that the operator would make of manifests; needs no cluster
    Render(RenderArgs),
    /// Print what manifests would change: which pods roll, which broker objects change, what would be lost
    Plan(PlanArgs),
    /// Drop the finalizers of all resources and keep everything else; run this before you remove the operator
    Release(ReleaseArgs),
    /// Say whether an installed operator can do its work: its definitions, its rights, its leader
    Check(CheckArgs),
    /// Print each part that one resource needs, from its Secrets to its pods, with its state
    Explain(ExplainArgs),
}

impl Cli {
    /// Whether the command's errors are for a person to read, and not for a log collector.
    pub fn is_for_people(&self) -> bool {
        match self.command {
            Command::Run(_) | Command::Release(_) => false,
            Command::Crd | Command::Render(_) | Command::Plan(_) | Command::Check(_) | Command::Explain(_) => true,
        }
    }

    /// Where the traces of this process go.
    pub fn otlp_endpoint(&self) -> Option<&str> {
        match &self.command {
            Command::Run(config) => config.otlp_endpoint.as_deref(),
            Command::Crd
            | Command::Render(_)
            | Command::Plan(_)
            | Command::Release(_)
            | Command::Check(_)
            | Command::Explain(_) => None,
        }
    }

    /// Runs the command. The text of an error is one line.
    pub async fn execute(self) -> Result<(), String> {
        match self.command {
            Command::Run(config) => run::run(&config).await.map_err(text),
            Command::Crd => print(&crd::text().map_err(text)?).map_err(text),
            Command::Plan(args) => {
                let plan = plan::plan(&cluster().await?, &args).await.map_err(text)?;
                print(&plan.print(args.output)).map_err(text)?;
                if plan.is_refused() { Err("at least one manifest would be refused".to_owned()) } else { Ok(()) }
            }
            Command::Release(args) => {
                let released = release::release(&cluster().await?, &args).await.map_err(text)?;
                print(&format!("dropped the finalizers of {released} resources; everything else stays\n")).map_err(text)
            }
            Command::Check(args) => {
                let findings = check::check(&cluster().await?, &args).await.map_err(text)?;
                print(&check::text(&findings)).map_err(text)?;
                if check::holds(&findings) { Ok(()) } else { Err("the operator cannot do its work".to_owned()) }
            }
            Command::Explain(args) => {
                let chain = explain::explain(&cluster().await?, &args).await.map_err(text)?;
                print(&explain::text(&chain)).map_err(text)
            }
            Command::Render(args) => print(&render::text(&args).await.map_err(text)?).map_err(text),
        }
    }
}

fn text(error: impl std::error::Error) -> String {
    error.to_string()
}

async fn cluster() -> Result<Client, String> {
    Client::try_default().await.map_err(|error| format!("failed to find a cluster: {error}"))
}
