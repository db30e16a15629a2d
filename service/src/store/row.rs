//! Turns a list of columns into what SQL, sqlx and sea-orm need. The lists are in [`super::entity::notification`].

use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use super::StoreError;
use crate::{notif::Json, timestamp::Timestamp};

/// From one list: a row as a commit writes it, rows as the arrays that `unnest` takes, and a row as sea-orm inserts it.
macro_rules! written {
    ($($column:ident: $type:ty as $postgres:literal,)*) => {
        /// A new row.
        pub(in crate::store) struct Written<'a> {
            $($column: $type,)*
        }

        /// New rows, column by column.
        pub(in crate::store) struct WrittenColumns<'a> {
            $($column: Vec<$type>,)*
        }

        /// The columns' names, and their types in Postgres.
        const WRITTEN: &[(&str, &str)] = &[$((stringify!($column), $postgres)),*];

        impl<'a> WrittenColumns<'a> {
            pub(in crate::store) fn with_capacity(rows: usize) -> Self {
                Self { $($column: Vec::with_capacity(rows),)* }
            }

            pub(in crate::store) fn push(&mut self, row: Written<'a>) {
                $(self.$column.push(row.$column);)*
            }

            /// Binds every column, in the order of [`WRITTEN`].
            pub(in crate::store) fn bind(
                self,
                query: $crate::store::row::PgQuery<'a>,
            ) -> $crate::store::row::PgQuery<'a> {
                query$(.bind(self.$column))*
            }
        }

        impl From<Written<'_>> for ActiveModel {
            fn from(row: Written<'_>) -> Self {
                Self {
                    changed_rev: sea_orm::Set(row.rev),
                    unread_rev: sea_orm::Set(row.rev),
                    unseen_rev: sea_orm::Set(row.rev),
                    $($column: sea_orm::Set($crate::store::row::Stored::stored(row.$column)),)*
                    ..Default::default()
                }
            }
        }
    };
}
pub(super) use written;

/// From one list: what clients see of a row, and how it is read.
macro_rules! item {
    ($(#[$about:meta])* pub struct Item { $($(#[$attribute:meta])* pub $column:ident: $type:ty,)* }) => {
        $(#[$about])*
        pub struct Item {
            $($(#[$attribute])* pub $column: $type,)*
        }

        const ITEM_COLUMNS: &[&str] = &[$(stringify!($column)),*];

        impl Item {
            /// The item in a row that has the columns [`ITEM`]. `None` if the outer join found no row.
            pub(in crate::store) fn read(
                row: &sea_orm::QueryResult,
            ) -> Result<Option<Self>, $crate::store::StoreError> {
                if row.try_get::<Option<Uuid>>("", "id")?.is_none() {
                    return Ok(None);
                }
                Ok(Some(Self { $($column: $crate::store::row::FromColumn::read(row, stringify!($column))?,)* }))
            }
        }
    };
}
pub(super) use item;

/// From one list: the columns of content, and how content is read from a row.
macro_rules! content {
    ($($column:ident),*) => {
        const CONTENT_COLUMNS: &[&str] = &[$(stringify!($column)),*];

        /// The content in a row that has the columns of [`content_columns`].
        pub(in crate::store) fn content(row: &sea_orm::QueryResult) -> Result<Content, $crate::store::StoreError> {
            Ok(Content { $($column: $crate::store::row::FromColumn::read(row, stringify!($column))?,)* })
        }
    };
}
pub(super) use content;

/// A statement that sqlx runs on Postgres.
pub(super) type PgQuery<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

/// The statement that inserts columns, given by name and type, from arrays. A new row has its rev in four columns.
pub(super) fn insert_from_unnest(columns: &[(&str, &str)]) -> String {
    let revs = ["rev", "changed_rev", "unread_rev", "unseen_rev"];
    let (mut into, mut from, mut arrays, mut names) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for ((name, postgres), place) in columns.iter().zip(1..) {
        let targets = if *name == "rev" { &revs[..] } else { std::slice::from_ref(name) };
        into.extend_from_slice(targets);
        from.extend(targets.iter().map(|_| format!("u.{name}")));
        arrays.push(format!("${place}::{postgres}[]"));
        names.push(*name);
    }
    let [into, from, arrays, names] = [into.join(", "), from.join(", "), arrays.join(", "), names.join(", ")];
    format!("INSERT INTO notification ({into}) SELECT {from} FROM unnest({arrays}) AS u ({names})")
}

/// The columns, each behind `prefix`.
pub(super) fn prefixed(prefix: &str, columns: &[&str]) -> String {
    columns.iter().map(|column| format!("{prefix}{column}")).collect::<Vec<_>>().join(", ")
}

/// A value that is written, as the entity owns it.
pub(super) trait Stored {
    /// The entity's type.
    type Owned;

    fn stored(self) -> Self::Owned;
}

impl Stored for &str {
    type Owned = String;

    fn stored(self) -> String {
        self.to_owned()
    }
}

impl Stored for Option<&str> {
    type Owned = Option<String>;

    fn stored(self) -> Option<String> {
        self.map(str::to_owned)
    }
}

/// A type that can be read from a column.
pub(super) trait FromColumn: Sized {
    fn read(row: &QueryResult, name: &str) -> Result<Self, StoreError>;
}

macro_rules! as_it_is {
    ($($type:ty),*) => {
        $(
            impl Stored for $type {
                type Owned = Self;

                fn stored(self) -> Self {
                    self
                }
            }

            impl FromColumn for $type {
                fn read(row: &QueryResult, name: &str) -> Result<Self, StoreError> {
                    Ok(row.try_get("", name)?)
                }
            }
        )*
    };
}

as_it_is!(Uuid, i16, i64, Option<i64>, String, Option<String>);

impl FromColumn for u8 {
    fn read(row: &QueryResult, name: &str) -> Result<Self, StoreError> {
        Ok(Self::try_from(i16::read(row, name)?).unwrap_or(0))
    }
}

impl FromColumn for Timestamp {
    fn read(row: &QueryResult, name: &str) -> Result<Self, StoreError> {
        i64::read(row, name).map(Self::from_micros)
    }
}

impl FromColumn for Option<Timestamp> {
    fn read(row: &QueryResult, name: &str) -> Result<Self, StoreError> {
        Ok(Option::<i64>::read(row, name)?.map(Timestamp::from_micros))
    }
}

impl FromColumn for Option<Json> {
    /// The database is outside this program, so its text is checked here to be JSON, once.
    fn read(row: &QueryResult, name: &str) -> Result<Self, StoreError> {
        let text = Option::<String>::read(row, name)?;
        text.map(Json::parse).transpose().map_err(|error| StoreError::Refused(DbErr::Json(error.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_row_has_its_rev_four_times() {
        let statement = insert_from_unnest(&[("id", "uuid"), ("rev", "bigint"), ("kind", "text")]);
        let expected = "INSERT INTO notification (id, rev, changed_rev, unread_rev, unseen_rev, kind) \
             SELECT u.id, u.rev, u.rev, u.rev, u.rev, u.kind \
             FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS u (id, rev, kind)";
        assert_eq!(statement, expected);
    }
}
