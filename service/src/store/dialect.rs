//! Where the two databases differ: the clock, and how a fork of the history is detected.

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use crate::timestamp::Timestamp;

/// Which of the two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Postgres,
    Sqlite,
}

/// The database's clock at this moment, and not at the start of the transaction, because a transaction waits for locks.
const POSTGRES_CLOCK: &str = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
/// The same for a whole statement. The sub-select makes it one evaluation instead of one per row.
const POSTGRES_STATEMENT_CLOCK: &str = "(SELECT (extract(epoch FROM statement_timestamp()) * 1000000)::bigint)";
/// The timeline of the WAL that is being written. `pg_control_checkpoint()` still gave the old timeline 26 s after a
/// promotion.
pub(super) const POSTGRES_TIMELINE: &str = "substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)";
/// The identity of the cluster. A role without special rights may read it.
pub(super) const POSTGRES_SYSTEM: &str = "(SELECT system_identifier::text FROM pg_control_system())";

impl Dialect {
    pub(super) fn of(db: &impl ConnectionTrait) -> Self {
        match db.get_database_backend() {
            DbBackend::Postgres => Self::Postgres,
            // All pools of this crate are made in `connect`, and are of these two kinds.
            _ => Self::Sqlite,
        }
    }

    pub(super) fn backend(self) -> DbBackend {
        match self {
            Self::Postgres => DbBackend::Postgres,
            Self::Sqlite => DbBackend::Sqlite,
        }
    }

    /// A statement in this dialect.
    pub(super) fn statement(self, sql: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.backend(), sql, values)
    }

    /// The clock as an expression, read when it is evaluated. SQLite runs in this process, so its clock is ours.
    pub(super) fn clock(self) -> String {
        match self {
            Self::Postgres => POSTGRES_CLOCK.to_owned(),
            Self::Sqlite => Timestamp::now().micros().to_string(),
        }
    }

    /// The clock as a term of a condition, equal for all rows. For SQLite it is bound as the next of `values`.
    pub(super) fn statement_clock(self, values: &mut Vec<Value>) -> String {
        match self {
            Self::Postgres => POSTGRES_STATEMENT_CLOCK.to_owned(),
            Self::Sqlite => {
                values.push(Timestamp::now().micros().into());
                format!("${}", values.len())
            }
        }
    }

    /// 1 if the history differs from the one in which the row of `store` (as `s`) was written, else 0.
    pub(super) fn forked(self) -> String {
        match self {
            Self::Postgres => format!(
                "(CASE WHEN s.timeline <> {POSTGRES_TIMELINE} OR s.system_identifier <> {POSTGRES_SYSTEM} \
                 THEN 1 ELSE 0 END)::bigint"
            ),
            Self::Sqlite => "0".to_owned(),
        }
    }
}
