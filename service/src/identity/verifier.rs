//! From credentials to a caller.

use futures::future::BoxFuture;

use super::{Caller, Credentials};

/// Finds out who is asking. An edge holds one and asks it before any handler runs.
pub trait Verifier: Send + Sync {
    /// Verifies credentials. A verifier that knows the answer gives it at once, so a request pays for a future only
    /// where one is needed (a key that must be fetched, a server that must be asked).
    fn verify(&self, credentials: &Credentials<'_>) -> Verification;
}

/// The answer of a verifier.
pub enum Verification {
    /// The answer.
    Done(Result<Caller, VerifyError>),
    /// The answer will come. The future owns what it needs of the credentials.
    Pending(BoxFuture<'static, Result<Caller, VerifyError>>),
}

/// Why there is no caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The credentials are missing, or are not valid here.
    #[error("the credentials are missing or not valid")]
    Rejected,
    /// What the verifier needs cannot be reached.
    #[error("the credentials cannot be verified at the moment")]
    Unavailable,
}
