//! The command line of a worker.

use std::path::PathBuf;

/// The arguments of a worker.
#[derive(Clone, Debug, clap::Args)]
pub struct WorkerArgs {
    /// The worker's `WorkerConfig`, YAML or JSON.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}
