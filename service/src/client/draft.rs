//! A notification as its sender writes it, before a producer accepted it.

use serde::Serialize;
use serde_json::value::RawValue;

/// The body of `POST /v1/notifications`. An absent field is left out of the JSON, so that the server uses its default.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Draft {
    /// The identity. The sender makes it, so that a retry is not a second notification.
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
    /// Its payload, any JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
    /// The priority, 0–9.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// When it stops being shown, as RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}
