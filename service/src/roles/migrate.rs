//! `hoopoe migrate`.

use std::path::PathBuf;

use clap::ValueEnum;
use hoopoe_crds::worker_config::TlsConfig;

use crate::{
    config::Endpoints,
    store::migrate::{self, Standing, Target},
};

use super::RoleError;

/// What to do with the schema, and in which database.
#[derive(Clone, Debug, clap::Args)]
pub struct MigrateArgs {
    /// What to do
    #[arg(value_enum)]
    command: MigrateCommand,
    /// A SQLite file instead of the Postgres of `HOOPOE_POSTGRES_URL`
    #[arg(long, value_name = "FILE")]
    sqlite: Option<PathBuf>,
    /// PEM file of the certificate authorities to trust
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// PEM file of the client's certificate
    #[arg(long, value_name = "FILE", requires = "key_file")]
    cert_file: Option<PathBuf>,
    /// PEM file of the client's key
    #[arg(long, value_name = "FILE", requires = "cert_file")]
    key_file: Option<PathBuf>,
    /// The name that the server's certificate must carry, when it is not the URL's host
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum MigrateCommand {
    /// Apply the pending migrations; several replicas may do this at the same time
    Up,
    /// Revert the newest migration; reverting the first one deletes everything that is stored
    Down,
    /// Drop all tables of Hoopoe, with everything that is stored, and apply all migrations again
    Fresh,
    /// Show which migrations are applied
    Status,
    /// Start a new epoch, so that every client reads its inbox anew: after a restore from a dump or a copied file
    NewEpoch,
}

/// Runs one command and prints what it did.
pub async fn migrate(args: &MigrateArgs) -> Result<(), RoleError> {
    let endpoints = Endpoints::from_env()?;
    let tls = TlsConfig {
        ca_file: args.ca_file.clone(),
        cert_file: args.cert_file.clone(),
        key_file: args.key_file.clone(),
        server_name: args.server_name.clone(),
    };
    let target = match &args.sqlite {
        Some(path) => Target::Sqlite(path),
        None => Target::Postgres { url: endpoints.need_postgres()?.expose(), tls: &tls },
    };
    match args.command {
        MigrateCommand::Up => print_applied(&migrate::up(target).await?),
        MigrateCommand::Fresh => print_applied(&migrate::fresh(target).await?),
        MigrateCommand::Down => match migrate::down(target).await? {
            Some(name) => println!("reverted {name}"),
            None => println!("nothing to revert"),
        },
        MigrateCommand::Status => {
            for migration in migrate::status(target).await? {
                let standing = match migration.standing {
                    Standing::Applied => "applied",
                    Standing::Pending => "pending",
                    Standing::Unknown => "unknown (applied by a newer build)",
                };
                println!("{}  {standing}", migration.name);
            }
        }
        MigrateCommand::NewEpoch => println!("the new epoch is {}", migrate::new_epoch(target).await?),
    }
    Ok(())
}

fn print_applied(names: &[String]) {
    if names.is_empty() {
        println!("nothing to apply");
    }
    for name in names {
        println!("applied {name}");
    }
}
