//! The one row that identifies the store, its present history, and the caches that may be trusted.

use sea_orm::entity::prelude::*;

/// The store itself.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "store")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i16,
    /// Random, made by the first migration.
    pub store_id: Uuid,
    /// Rises when the history forked.
    pub epoch: i64,
    /// The first 8 digits of the WAL's file name when the epoch was set; empty on SQLite.
    pub timeline: String,
    /// Postgres' system identifier when the epoch was set; empty on SQLite.
    pub system_identifier: String,
    /// Rises when caches may have missed a change.
    pub generation: i64,
    /// The version of the schema.
    pub schema_version: i64,
    /// The oldest version of the schema that a build must know to use this one.
    pub min_reader: i64,
}

/// No relation.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
