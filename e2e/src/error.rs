//! The errors of starting a server and talking to it.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// The result type of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of starting a server or talking to it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused an operation.
    #[error("failed to {what}")]
    Io {
        /// The operation, as the rest of the sentence "failed to …".
        what: String,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// A program of a Debian package is missing.
    #[error("the program {program} is missing; e2e/install.sh installs it")]
    ProgramMissing {
        /// The program's path, or the pattern of the search.
        program: String,
    },
    /// The system has no such user.
    #[error("the system has no user {user}")]
    UserMissing {
        /// The user's name.
        user: String,
    },
    /// A command failed.
    #[error("{command} ended with {status}: {output}")]
    Tool {
        /// The program that ran.
        command: String,
        /// Its exit status.
        status: ExitStatus,
        /// Its output.
        output: String,
    },
    /// A command did not end within its time limit.
    #[error("{command} did not end within {limit:?}")]
    ToolTimeout {
        /// The program that ran.
        command: String,
        /// The time limit.
        limit: Duration,
    },
    /// A process ended although it was not told to, during its start or later.
    #[error("{name} ended by itself with {status}; the end of its log {path}:\n{log}", path = path.display())]
    EndedItself {
        /// The process.
        name: String,
        /// Its exit status.
        status: ExitStatus,
        /// Its log file.
        path: PathBuf,
        /// The last lines of the log.
        log: String,
    },
    /// A process runs, but did not become ready in time.
    #[error("{name} was not ready ({what}) within {limit:?}; the end of its log {path}:\n{log}", path = path.display())]
    NotReady {
        /// The process.
        name: String,
        /// The condition that was not met.
        what: String,
        /// The time limit.
        limit: Duration,
        /// Its log file.
        path: PathBuf,
        /// The last lines of the log.
        log: String,
    },
    /// A process did not end within its time limit, and was left running.
    #[error("{name} (process {pid}) had not ended after {limit:?}")]
    StillRunning {
        /// The process.
        name: String,
        /// The process id.
        pid: u32,
        /// The time limit.
        limit: Duration,
    },
    /// The server was stopped or killed, and was not started again.
    #[error("{name} is not running")]
    NotRunning {
        /// The server.
        name: String,
    },
    /// An HTTP request got no answer.
    #[error("failed to send {method} {url}")]
    Http {
        /// The request's method.
        method: String,
        /// The request's address.
        url: String,
        /// The HTTP client's error.
        source: reqwest::Error,
    },
    /// An HTTP request was refused.
    #[error("{method} {url} was answered with {status}: {body}")]
    HttpStatus {
        /// The request's method.
        method: String,
        /// The request's address.
        url: String,
        /// The status code.
        status: u16,
        /// The answer.
        body: String,
    },
    /// A certificate could not be made.
    #[error("failed to make a certificate for {subject}")]
    Certificate {
        /// The name in the certificate.
        subject: String,
        /// rcgen's error.
        source: rcgen::Error,
    },
    /// A Kubernetes control plane cannot run on this machine.
    #[error("a Kubernetes control plane cannot be had here: {reason}")]
    NoControlPlane {
        /// What is missing.
        reason: String,
    },
    /// `RabbitMQ` 4 cannot run on this machine.
    #[error("RabbitMQ 4 from Debian trixie cannot be had here: {reason}")]
    NoTrixie {
        /// What is missing.
        reason: String,
    },
}

impl Error {
    /// A function for `map_err` that makes an [`Error::Io`]. `what` completes "failed to …", such as "read the log".
    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
