//! The command line of a worker.

use std::path::PathBuf;

/// What a worker is started with.
#[derive(Clone, Debug, clap::Args)]
pub struct WorkerArgs {
    /// The worker's `WorkerConfig`, YAML or JSON.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}
