//! What can go wrong while a server is started or spoken to.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// The result of everything in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong while a server is started or spoken to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused something.
    #[error("failed to {what}")]
    Io {
        /// What was being done, as the rest of the sentence.
        what: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A program of a Debian package is not there.
    #[error("the program {program} is missing; e2e/install.sh installs it")]
    ProgramMissing {
        /// The program or the pattern that was looked for.
        program: String,
    },
    /// The system has no such user.
    #[error("the system has no user {user}")]
    UserMissing {
        /// The user's name.
        user: String,
    },
    /// A command that ends by itself ended badly.
    #[error("{command} ended with {status}: {output}")]
    Tool {
        /// The program that ran.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// What it wrote.
        output: String,
    },
    /// A command that ends by itself did not.
    #[error("{command} did not end within {limit:?}")]
    ToolTimeout {
        /// The program that ran.
        command: String,
        /// How long it had.
        limit: Duration,
    },
    /// A process ended that nobody ended: before it was of any use, or later.
    #[error("{name} ended by itself with {status}; the end of its log {path}:\n{log}", path = path.display())]
    EndedItself {
        /// The process.
        name: String,
        /// How it ended.
        status: ExitStatus,
        /// Its log file.
        path: PathBuf,
        /// The last lines of the log.
        log: String,
    },
    /// A process runs, but does not answer.
    #[error("{name} was not ready ({what}) within {limit:?}; the end of its log {path}:\n{log}", path = path.display())]
    NotReady {
        /// The process.
        name: String,
        /// What was waited for.
        what: String,
        /// How long it had.
        limit: Duration,
        /// Its log file.
        path: PathBuf,
        /// The last lines of the log.
        log: String,
    },
    /// A process did not end in the time it had, and was left running.
    #[error("{name} (process {pid}) had not ended after {limit:?}")]
    StillRunning {
        /// The process.
        name: String,
        /// Its id.
        pid: u32,
        /// How long it had.
        limit: Duration,
    },
    /// The server was stopped or killed, and not started again.
    #[error("{name} is not running")]
    NotRunning {
        /// The server.
        name: String,
    },
    /// No port was free.
    #[error("failed to find a free loopback port")]
    NoFreePort,
    /// An HTTP request got no answer.
    #[error("failed to send {method} {url}")]
    Http {
        /// The request's method.
        method: String,
        /// The request's address.
        url: String,
        /// What the client said.
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
        /// Whom it was for.
        subject: String,
        /// What rcgen said.
        source: rcgen::Error,
    },
    /// A Kubernetes control plane cannot be had on this machine.
    #[error("a Kubernetes control plane cannot be had here: {reason}")]
    NoControlPlane {
        /// What is missing.
        reason: String,
    },
    /// `RabbitMQ` 4 cannot be had on this machine.
    #[error("RabbitMQ 4 from Debian trixie cannot be had here: {reason}")]
    NoTrixie {
        /// What is missing.
        reason: String,
    },
}

impl Error {
    /// For `map_err`: the operating system refused `what`, a sentence's rest such as "read the log".
    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// Whether a server ended because another program took the port that had been free a moment ago.
    pub(crate) fn is_port_taken(&self) -> bool {
        match self {
            Self::EndedItself { log, .. } | Self::NotReady { log, .. } => {
                let log = log.to_lowercase();
                log.contains("already in use") || log.contains("eaddrinuse")
            }
            Self::Io { .. }
            | Self::ProgramMissing { .. }
            | Self::UserMissing { .. }
            | Self::Tool { .. }
            | Self::ToolTimeout { .. }
            | Self::StillRunning { .. }
            | Self::NotRunning { .. }
            | Self::NoFreePort
            | Self::Http { .. }
            | Self::HttpStatus { .. }
            | Self::Certificate { .. }
            | Self::NoControlPlane { .. }
            | Self::NoTrixie { .. } => false,
        }
    }
}
