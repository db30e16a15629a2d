//! Step 1: fetch what a resource points at. Its Secrets become the address of a broker, and the environment and files of its workers.

mod access;

pub use access::{BrokerAccess, EnvFromSecret, ManagementAccess, RoleSecrets, SecretFile, TlsMaterial, WorkerSecrets};
