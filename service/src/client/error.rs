//! Why a command of people failed, in one line that says what to do.

use std::{io, path::PathBuf, time::Duration};

use super::outcome::Problem;

/// Why a command of people failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address refuses connections.
    #[error("failed to reach {url}: no program listens there (is `make dev` running? {option} sets another address)")]
    NoListener {
        /// Scheme, host and port.
        url: String,
        /// The option that names it.
        option: &'static str,
    },
    /// The address accepts connections, but no answer came.
    #[error("failed to get an answer from {url}: {reason}")]
    NoAnswer {
        /// Scheme, host and port.
        url: String,
        /// The innermost cause.
        reason: String,
    },
    /// The answer is not one that this server's API gives.
    #[error("failed to understand the answer of {url}: {reason} (check the address in {option})")]
    NotOurs {
        /// Scheme, host and port.
        url: String,
        /// What was wrong with it.
        reason: String,
        /// The option that names it.
        option: &'static str,
    },
    /// The server refused the request and said why.
    #[error("{0}")]
    Refused(Problem),
    /// Some notifications of a batch were refused or not accepted in time; each was printed.
    #[error("failed to send {failed} of {all} notifications; the others were accepted")]
    PartlySent {
        /// How many were not accepted.
        failed: usize,
        /// How many there were.
        all: usize,
    },
    /// The producer had not accepted the notification when the time was up.
    #[error(
        "failed to send {id} within {}s: {last}; run the command again with --id {id}, so that the notification is \
         never shown twice",
        .timeout.as_secs_f64()
    )]
    NotAccepted {
        /// The id that every attempt carried.
        id: String,
        /// `--timeout`.
        timeout: Duration,
        /// Why the last attempt failed.
        last: String,
    },
    /// An option's value cannot be used.
    #[error("failed to use {option}: {reason}")]
    Option {
        /// The option.
        option: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The file of `--cacert` cannot be used.
    #[error("failed to read the certificate authorities in {}: {reason}", .path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No HTTP client could be made.
    #[error("failed to set up HTTPS: {0}")]
    Https(#[source] reqwest::Error),
    /// Standard output is closed or full.
    #[error("failed to write the output: {0}")]
    Output(#[from] io::Error),
}
