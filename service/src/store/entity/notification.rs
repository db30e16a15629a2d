//! One row per notification and owner. All times are microseconds since the Unix epoch.

use sea_orm::entity::prelude::*;

/// A notification in an inbox.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notification")]
pub struct Model {
    /// Whose inbox.
    #[sea_orm(primary_key, auto_increment = false)]
    pub owner: String,
    /// The identity within it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The sender's own id, where that was no UUID.
    pub source_id: Option<String>,
    /// Its position, the page cursor.
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
    /// When it was marked seen by itself.
    pub seen_at: Option<i64>,
    /// When it was marked read by itself.
    pub read_at: Option<i64>,
    /// When it was archived.
    pub archived_at: Option<i64>,
    /// Hidden until then; nothing sets it yet.
    pub snoozed_until: Option<i64>,
    /// When it was deleted; nothing sets it yet.
    pub deleted_at: Option<i64>,
    /// What it is shown together with; nothing sets it yet.
    pub group_key: Option<String>,
    /// The post that it is a copy of; nothing sets it yet.
    pub post_id: Option<Uuid>,
}

/// None: an inbox is read by its owner, never by a join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
