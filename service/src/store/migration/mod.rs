//! The migrations, oldest first.

mod m0001_inbox;

use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// The version of the schema that this build makes and needs; one more with each migration.
pub(super) const SCHEMA_VERSION: i64 = 1;

/// Lists the migrations. They are run by [`super::migrate`], in one transaction for all.
pub(super) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0001_inbox::Migration)]
    }
}
