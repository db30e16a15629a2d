//! Checks the structure of the workspace: `cargo test -p hoopoe-e2e --test house`. The checks read the sources and
//! start no program.
//!
//! Each check reports all its findings as sentences. [`tables`] lists the allowed exceptions and dependencies.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod arrows;
mod circles;
mod fields;
mod length;
mod pages;
mod reading;
mod sources;
mod tables;
mod tree;
mod width;

use std::sync::LazyLock;

use sources::Source;
use tables::{CRDS, House, NOTIFICATION, OPERATOR, SERVICE, WEB};
use tree::Tree;

/// Every file of the repository.
static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(sources::all);

/// The crates of the workspace.
static CRATES: LazyLock<Vec<(House, Tree)>> = LazyLock::new(|| {
    let read = |house: House| {
        let tree = Tree::read(house.folder, &SOURCES).unwrap_or_else(|faults| panic!("{}", faults.join("\n")));
        (house, tree)
    };
    [CRDS, WEB, SERVICE, OPERATOR].map(read).into()
});

/// Fails with all sentences, if there are any.
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults\n{}\n", faults.len(), faults.join("\n"));
}

#[test]
fn rooms_name_only_rooms_that_they_may() {
    none(&CRATES.iter().flat_map(|(house, tree)| arrows::faults(house, tree)).collect::<Vec<_>>());
}

#[test]
fn no_files_form_a_circle() {
    none(&CRATES.iter().flat_map(|(_, tree)| circles::faults(tree)).collect::<Vec<_>>());
}

#[test]
fn no_line_is_over_120_columns() {
    none(&width::faults(&SOURCES));
}

#[test]
fn no_file_is_over_300_lines_without_its_tests() {
    none(&length::faults(&SOURCES));
}

#[test]
fn what_is_pointed_at_is_there() {
    none(&pages::faults(&SOURCES));
}

#[test]
fn the_fields_of_a_notification_are_listed_where_the_table_says() {
    none(&fields::faults(&NOTIFICATION, CRATES.iter().map(|(_, tree)| tree)));
}
