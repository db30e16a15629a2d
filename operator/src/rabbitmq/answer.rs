//! What a failed answer of the management API means.

use reqwest::StatusCode;

use crate::topology::BrokerError;

/// The error of an answer. `what`: what was asked, as the rest of a sentence.
pub(super) fn error(what: &str, status: StatusCode, text: &str) -> BrokerError {
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
            BrokerError::Unauthorized
        }
        // The management API also answers 401 when the user exists but lacks a tag or a permission.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => BrokerError::Forbidden { what, detail },
        status if status.is_client_error() => BrokerError::Refused { what, detail },
        status => BrokerError::BrokerFailed { what, status: status.as_u16(), detail },
    }
}
