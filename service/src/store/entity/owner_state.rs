//! One row per owner: the lock of its inbox, its number and its counters.

use sea_orm::entity::prelude::*;

/// The state of one inbox.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "owner_state")]
pub struct Model {
    /// The owner.
    #[sea_orm(primary_key, auto_increment = false)]
    pub owner: String,
    /// The Unix second at which this row was created.
    pub epoch: i64,
    /// Rises with every change to the inbox.
    pub rev: i64,
    /// The highest `changed_rev` that was removed for ever.
    pub floor_rev: i64,
    /// How many rows are unread.
    pub unread: i64,
    /// How many rows are unseen.
    pub unseen: i64,
    /// A row whose `unread_rev` is not above this is read.
    pub read_upto: i64,
    /// A row whose `unseen_rev` is not above this is seen.
    pub seen_upto: i64,
    /// The earliest time, in microseconds, at which a row changes by itself.
    pub next_due: Option<i64>,
}

/// No relation.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
