//! The migrations, oldest first.

mod m0001_inbox;

use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// The version of the schema that this build creates and needs. Each migration adds one.
pub(super) const SCHEMA_VERSION: i64 = 1;

/// Lists the migrations. [`super::migrate`] runs them, all in one transaction.
pub(super) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0001_inbox::Migration)]
    }
}
