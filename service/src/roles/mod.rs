//! The roles: puts the parts of each together, serves its health, and runs it until SIGTERM.

mod api;
mod consumer;
pub mod declare;
mod error;
mod migrate;
pub mod parts;
mod process;
mod producer;
mod stop;
mod worker_args;

pub use api::api;
pub use consumer::consumer;
pub use error::RoleError;
pub use migrate::{MigrateArgs, migrate};
pub use producer::producer;
pub use stop::on_signal;
pub use worker_args::WorkerArgs;
