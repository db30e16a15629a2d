//! `hoopoe dev`: the manifests that `kubectl apply` takes, as tasks of one process.

mod args;
mod error;
mod manifests;
mod parts;
mod ports;
mod register;
mod remembered;
mod run;
mod supervisor;
mod worker;

pub use args::DevArgs;
pub use error::DevError;
pub use run::run;
