//! A notification as a sender writes it, before anybody accepted it.

use serde::Serialize;
use serde_json::value::RawValue;

/// The body of `POST /v1/notifications`. What is absent is left out, so that the server's default holds.
#[derive(Clone, Debug, Serialize)]
pub struct Draft {
    /// The identity, made by the sender so that a retry is no second notification.
    pub id: String,
    /// Who it is for.
    pub owner: String,
    /// What happened.
    pub kind: String,
    /// Who caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Any JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
    /// 0–9.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}
