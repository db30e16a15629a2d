//! Why a reconcile must be tried again, with backoff. What a condition can say is not an error here.

use crate::apply::ApplyError;

/// Why a reconcile must be tried again.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The API server did not take the status.
    #[error("failed to write the status: {0}")]
    StatusUnwritten(#[source] Box<kube::Error>),
    /// The API server did not take the finalizer, or its removal.
    #[error("failed to change the finalizers: {0}")]
    FinalizerUnwritten(#[source] Box<kube::Error>),
    /// A child could not be written, and a retry may help.
    #[error(transparent)]
    ChildUnwritten(#[from] ApplyError),
    /// The workers could not be stopped.
    #[error("failed to stop the workers: {0}")]
    WorkersUnstopped(#[source] Box<kube::Error>),
}

impl ReconcileError {
    /// The variant's name.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::StatusUnwritten(_) => "StatusUnwritten",
            Self::FinalizerUnwritten(_) => "FinalizerUnwritten",
            Self::ChildUnwritten(_) => "ChildUnwritten",
            Self::WorkersUnstopped(_) => "WorkersUnstopped",
        }
    }
}
