//! What an error of lapin means.

use lapin::ErrorKind;

/// What went wrong on a channel or connection, by AMQP's reply code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// 404: the exchange or queue does not exist.
    NotFound(String),
    /// 402, 403, 405 or 530: the login is wrong, a right is missing, or another connection owns it.
    Refused(String),
    /// 406: it exists with other arguments.
    Mismatch(String),
    /// The connection or the channel is gone.
    Gone(String),
}

impl Fault {
    /// Reads an error.
    pub(super) fn of(error: &lapin::Error) -> Self {
        let ErrorKind::ProtocolError(protocol) = error.kind() else {
            return Self::Gone(error.to_string());
        };
        let message = protocol.get_message().to_string();
        match protocol.get_id() {
            404 => Self::NotFound(message),
            402 | 403 | 405 | 530 => Self::Refused(message),
            406 => Self::Mismatch(message),
            _ => Self::Gone(message),
        }
    }

    /// The broker's own words.
    pub(super) fn into_detail(self) -> String {
        match self {
            Self::NotFound(detail) | Self::Refused(detail) | Self::Mismatch(detail) | Self::Gone(detail) => detail,
        }
    }
}
