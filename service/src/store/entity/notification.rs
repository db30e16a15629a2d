//! The table `notification`: its columns, how a commit writes them, and what is read back. They are listed only here.
//!
//! One row per notification and owner. All times are microseconds since the Unix epoch. For one more column, add it to
//! [`Model`], to the list of what is written, to [`Item`] and to the list that content is read from. A forgotten list
//! does not compile.

use std::sync::LazyLock;

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    notif::{Content, Json, Notification},
    store::row::{content, insert_from_unnest, item, prefixed, written},
    timestamp::Timestamp,
};

/// A notification in an inbox.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notification")]
pub struct Model {
    /// The owner of the inbox.
    #[sea_orm(primary_key, auto_increment = false)]
    pub owner: String,
    /// The identity within the inbox.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The sender's own id, if it was not a UUID.
    pub source_id: Option<String>,
    /// Its position in the inbox, the page cursor.
    pub rev: i64,
    /// The owner's rev when it last changed.
    pub changed_rev: i64,
    /// The owner's rev when it last became unread.
    pub unread_rev: i64,
    /// The owner's rev when it last became unseen.
    pub unseen_rev: i64,
    /// What happened.
    pub kind: String,
    /// Who caused it.
    pub actor: String,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// The sender's JSON as text: `jsonb` refuses `\u0000`, lone surrogates and `1e400000`.
    pub data: Option<String>,
    /// 0–9.
    pub priority: i16,
    /// When it happened.
    pub created_at: i64,
    /// When it stops being shown.
    pub expires_at: Option<i64>,
    /// When it was found expired.
    pub expired_at: Option<i64>,
    /// When it was marked seen by itself, and not by a mark of the whole inbox.
    pub seen_at: Option<i64>,
    /// When it was marked read by itself, and not by a mark of the whole inbox.
    pub read_at: Option<i64>,
    /// When it was archived.
    pub archived_at: Option<i64>,
    /// Until when it is hidden; no code sets it yet.
    pub snoozed_until: Option<i64>,
    /// When it was deleted; no code sets it yet.
    pub deleted_at: Option<i64>,
    /// The group that it is shown with; no code sets it yet.
    pub group_key: Option<String>,
    /// The post that it is a copy of; no code sets it yet.
    pub post_id: Option<Uuid>,
}

/// No relation: an inbox is read by its owner, never by a join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

written! {
    owner: &'a str as "text",
    id: Uuid as "uuid",
    source_id: Option<&'a str> as "text",
    rev: i64 as "bigint",
    kind: &'a str as "text",
    actor: &'a str as "text",
    title: &'a str as "text",
    body: &'a str as "text",
    data: Option<&'a str> as "text",
    priority: i16 as "smallint",
    created_at: i64 as "bigint",
    expires_at: Option<i64> as "bigint",
}

/// `INSERT INTO notification … SELECT … FROM unnest(…)`, to be followed by `ON CONFLICT`.
pub(in crate::store) static INSERT_FROM_UNNEST: LazyLock<String> = LazyLock::new(|| insert_from_unnest(WRITTEN));

impl<'a> Written<'a> {
    /// The row of a notification that is stored at `rev`. `expires_at` is the notification's own or the retention's.
    pub(in crate::store) fn new(notification: &'a Notification, expires_at: Option<Timestamp>, rev: i64) -> Self {
        let Notification { owner, id, source_id, content, created_at, expires_at: _ } = notification;
        let Content { kind, actor, title, body, data, priority } = content;
        Self {
            owner: owner.as_str(),
            id: *id,
            source_id: source_id.as_deref(),
            rev,
            kind,
            actor,
            title,
            body,
            data: data.as_ref().map(Json::as_str),
            priority: i16::from(*priority),
            created_at: created_at.micros(),
            expires_at: expires_at.map(Timestamp::micros),
        }
    }
}

item! {
    // The doc comments are a part of the OpenAPI document.
    /// A notification as an inbox shows it.
    #[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
    pub struct Item {
        /// Its identity, for marks.
        pub id: Uuid,
        /// The sender's own id, where that was no UUID.
        #[schema(required)]
        pub source_id: Option<String>,
        /// Its position in the inbox.
        pub rev: i64,
        /// The owner's rev when it last changed.
        pub changed_rev: i64,
        /// The owner's rev when it last became unread.
        pub unread_rev: i64,
        /// The owner's rev when it last became unseen.
        pub unseen_rev: i64,
        /// What happened.
        pub kind: String,
        /// Who caused it.
        pub actor: String,
        /// Its title.
        pub title: String,
        /// Its text.
        pub body: String,
        /// The sender's JSON, as received.
        #[schema(required, value_type = Value)]
        pub data: Option<Json>,
        /// 0 to 9.
        #[schema(minimum = 0, maximum = 9)]
        pub priority: u8,
        /// When it happened.
        #[schema(value_type = String, format = DateTime)]
        pub created_at: Timestamp,
        /// When it stops being shown.
        #[schema(required, value_type = Option<String>, format = DateTime)]
        pub expires_at: Option<Timestamp>,
        // An expired row is kept for a day, so that clients learn of it.
        /// When it was found expired.
        #[schema(required, value_type = Option<String>, format = DateTime)]
        pub expired_at: Option<Timestamp>,
        /// When it was marked seen by itself; see also the head's `seen_upto`.
        #[schema(required, value_type = Option<String>, format = DateTime)]
        pub seen_at: Option<Timestamp>,
        /// When it was marked read by itself; see also the head's `read_upto`.
        #[schema(required, value_type = Option<String>, format = DateTime)]
        pub read_at: Option<Timestamp>,
        /// When it was archived.
        #[schema(required, value_type = Option<String>, format = DateTime)]
        pub archived_at: Option<Timestamp>,
        /// When it was deleted.
        #[schema(required, value_type = Option<String>, format = DateTime)]
        pub deleted_at: Option<Timestamp>,
    }
}

/// The columns of an item in a row that the statement calls `n`.
pub(in crate::store) static ITEM: LazyLock<String> = LazyLock::new(|| prefixed("n.", ITEM_COLUMNS));

impl Item {
    /// The item of a notification that was just stored at `rev`. `expires_at` is the notification's own or the
    /// retention's.
    pub fn stored(notification: &Notification, expires_at: Option<Timestamp>, rev: i64) -> Self {
        let Notification { owner: _, id, source_id, content, created_at, expires_at: _ } = notification;
        let Content { kind, actor, title, body, data, priority } = content.clone();
        Self {
            id: *id,
            source_id: source_id.clone(),
            rev,
            changed_rev: rev,
            unread_rev: rev,
            unseen_rev: rev,
            kind,
            actor,
            title,
            body,
            data,
            priority,
            created_at: *created_at,
            expires_at,
            expired_at: None,
            seen_at: None,
            read_at: None,
            archived_at: None,
            deleted_at: None,
        }
    }
}

content!(kind, actor, title, body, data, priority);

/// The columns of the content, each behind `prefix`.
pub(in crate::store) fn content_columns(prefix: &str) -> String {
    prefixed(prefix, CONTENT_COLUMNS)
}
