//! Why a broker refused a request or did not answer.

/// Why a broker refused a request or did not answer. No variant holds credentials.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BrokerError {
    /// No answer, because of the host, the port, TLS, or the time limit.
    #[error("failed to reach the broker's management API at {url}: {detail}")]
    BrokerUnreachable {
        /// Where it should be.
        url: String,
        /// Why.
        detail: String,
    },
    /// The user or the password is wrong.
    #[error("failed to log in to the broker's management API: correct the user name or the password in the Secret")]
    Unauthorized,
    /// The user lacks a right.
    #[error(
        "failed to {what}: the broker's user lacks a right: it needs the tag policymaker and configure, write and read \
         on the virtual host ({detail})"
    )]
    Forbidden {
        /// What was asked, as the rest of a sentence.
        what: String,
        /// What the broker said.
        detail: String,
    },
    /// The virtual host does not exist.
    #[error("failed to find the virtual host {vhost}: create it, or correct spec.broker.vhost or the Secret's URI")]
    VhostMissing {
        /// Its name.
        vhost: String,
    },
    /// The broker refused a declaration.
    #[error("failed to {what}: the broker refused it: {detail}")]
    Refused {
        /// What was asked, as the rest of a sentence.
        what: String,
        /// What the broker said.
        detail: String,
    },
    /// The broker failed.
    #[error("failed to {what}: the broker answered {status}: {detail}")]
    BrokerFailed {
        /// What was asked, as the rest of a sentence.
        what: String,
        /// The answer's status.
        status: u16,
        /// The answer's text.
        detail: String,
    },
    /// The answer cannot be parsed.
    #[error("failed to {what}: the broker's answer cannot be read: {detail}")]
    AnswerUnreadable {
        /// What was asked, as the rest of a sentence.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// `tls` names certificates that cannot be used.
    #[error("failed to use the certificates of spec.broker.tls: {detail}")]
    CertificatesInvalid {
        /// What is wrong.
        detail: String,
    },
}

impl BrokerError {
    /// The variant's name: a condition's reason, an Event's, a metric's label.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::BrokerUnreachable { .. } => "BrokerUnreachable",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden { .. } => "Forbidden",
            Self::VhostMissing { .. } => "VhostMissing",
            Self::Refused { .. } => "Refused",
            Self::BrokerFailed { .. } => "BrokerFailed",
            Self::AnswerUnreadable { .. } => "AnswerUnreadable",
            Self::CertificatesInvalid { .. } => "CertificatesInvalid",
        }
    }

    /// Whether the error is about the credentials, their rights or the certificates.
    pub fn is_of_credentials(&self) -> bool {
        match self {
            Self::Unauthorized | Self::Forbidden { .. } | Self::CertificatesInvalid { .. } => true,
            Self::BrokerUnreachable { .. }
            | Self::VhostMissing { .. }
            | Self::Refused { .. }
            | Self::BrokerFailed { .. }
            | Self::AnswerUnreadable { .. } => false,
        }
    }
}
