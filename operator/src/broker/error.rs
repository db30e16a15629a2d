//! Why a broker's management API did not do what it was asked.

use reqwest::StatusCode;

/// Why a broker's management API did not do what it was asked. No variant holds credentials.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BrokerError {
    /// No answer: the host, the port, TLS, or time.
    #[error("failed to reach the broker's management API at {url}: {detail}")]
    BrokerUnreachable {
        /// Where it should be.
        url: String,
        /// Why.
        detail: String,
    },
    /// The user or the password is wrong.
    #[error("failed to log in to the broker's management API: mend the user name or the password in the Secret")]
    Unauthorized,
    /// The user lacks a right.
    #[error(
        "failed to {what}: the broker's user lacks a right: it needs the tag policymaker and configure, write and read on the virtual host ({detail})"
    )]
    Forbidden {
        /// What was asked, as the rest of a sentence.
        what: String,
        /// What the broker said.
        detail: String,
    },
    /// The virtual host is not there.
    #[error("failed to find the virtual host {vhost}: make it, or mend spec.broker.vhost")]
    VhostMissing {
        /// Its name.
        vhost: String,
    },
    /// The broker refused a declaration as it stands.
    #[error("failed to {what}: the broker says: {detail}")]
    Refused {
        /// What was asked, as the rest of a sentence.
        what: String,
        /// What the broker said.
        detail: String,
    },
    /// The broker has a trouble of its own.
    #[error("failed to {what}: the broker answered {status}: {detail}")]
    BrokerFailed {
        /// What was asked, as the rest of a sentence.
        what: String,
        /// The answer's status.
        status: u16,
        /// The answer's text.
        detail: String,
    },
    /// An answer that is none of RabbitMQ's.
    #[error("failed to understand the answer when asked to {what}: {detail}")]
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

    /// Whether the credentials, or the rights behind them, are what is wrong.
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

    /// From an answer that is no success.
    pub(super) fn from_answer(what: &str, status: StatusCode, text: &str) -> Self {
        let what = what.to_owned();
        // `{"error": "bad_request", "reason": "..."}`; the reason says more.
        let said = serde_json::from_str::<serde_json::Value>(text).ok();
        let reason = said.as_ref().and_then(|said| said.get("reason").or_else(|| said.get("error")));
        let detail = reason.and_then(|reason| reason.as_str()).unwrap_or(text).trim().to_owned();
        match status {
            StatusCode::UNAUTHORIZED
                if detail.contains("Not_Authorized")
                    || detail.contains("not_authori")
                    || detail.contains("Login failed") =>
            {
                Self::Unauthorized
            }
            // The management API also says 401 where the user is known and lacks a tag or a permission.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Self::Forbidden { what, detail },
            status if status.is_client_error() => Self::Refused { what, detail },
            status => Self::BrokerFailed { what, status: status.as_u16(), detail },
        }
    }
}
