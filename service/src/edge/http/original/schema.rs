//! The answer of the original's route, as OpenAPI describes it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{notif::Json, timestamp::Timestamp};

/// The original's envelope.
#[derive(Serialize, ToSchema)]
pub(super) struct LegacyAnswer {
    pub(super) data: LegacyData,
    pub(super) message: &'static str,
    pub(super) is_err: bool,
    pub(super) status: u16,
    #[schema(required, value_type = Option<Value>)]
    pub(super) meta: Option<()>,
}

/// The rows, counted in pages.
#[derive(Serialize, ToSchema)]
pub(super) struct LegacyData {
    /// The rows asked for, newest first.
    pub(super) notifs: Vec<LegacyNotification>,
    /// How many there are in all.
    pub(super) items: u64,
    /// How many pages of `page_size` that makes.
    pub(super) pages: u64,
    /// The page that the first row stands on, counted from 1.
    pub(super) current_page: u64,
}

/// A row under the original's names.
#[derive(Serialize, ToSchema)]
pub(super) struct LegacyNotification {
    /// Its position in the inbox.
    pub(super) id: i64,
    /// Whose it is.
    pub(super) receiver_info: String,
    /// The sender's id.
    pub(super) nid: String,
    /// The sender's JSON.
    #[schema(required, value_type = Value)]
    pub(super) action_data: Option<Json>,
    /// Who caused it.
    pub(super) actioner_info: String,
    /// What happened.
    pub(super) action_type: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub(super) fired_at: Timestamp,
    /// Whether it was seen.
    pub(super) is_seen: bool,
}
