//! Only a few files list all fields of a notification, so that a new field is not forgotten in one more list.

use crate::{
    tables::{Fields, List},
    tree::Tree,
};

/// Returns a sentence for each file that lists the fields but may not, and for each that may but does not.
pub fn faults<'a>(table: &Fields, trees: impl Iterator<Item = &'a Tree>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut unused: Vec<&List> = table.lists.iter().collect();
    let enough = table.names.len() - table.short_of_all;
    for file in trees.flat_map(Tree::files) {
        let named = |name: &&&str| file.reading.words.contains(**name);
        let found = table.names.iter().filter(named).count();
        if found < enough {
            continue;
        }
        unused.retain(|list| list.path != file.path);
        if !table.lists.iter().any(|list| list.path == file.path) {
            faults.push(format!(
                "{} names {found} of the {} fields of {}: a list beside those that the table allows.",
                file.path,
                table.names.len(),
                table.of,
            ));
        }
    }
    faults.extend(unused.iter().map(|list| {
        format!(
            "{} does not list the fields of {} any more ({}): take it out of the table.",
            list.path, table.of, list.why
        )
    }));
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Source;

    const TABLE: Fields = Fields {
        of: "a letter",
        names: &["owner", "id", "kind", "title", "body"],
        short_of_all: 1,
        lists: &[List { path: "x/src/letter.rs", why: "the type" }],
    };
    const TYPE: &str = "#[cfg(test)] mod tests; struct Letter { owner: u8, id: u8, kind: u8, title: u8, body: u8 }";

    fn told(path: &str, text: &str) -> Vec<String> {
        all_told(&[Source::new("x/src/letter.rs", TYPE), Source::new(path, text)])
    }

    fn all_told(sources: &[Source]) -> Vec<String> {
        faults(&TABLE, [Tree::read("x/src", sources).unwrap()].iter())
    }

    #[test]
    fn a_second_list_is_told() {
        let told_of = "x/src/wire.rs names 4 of the 5 fields of a letter: a list beside those that the table allows.";
        assert_eq!(told("x/src/wire.rs", "\nstruct Wire { owner: u8, id: u8, kind: u8, title: u8 }"), [told_of]);
    }

    #[test]
    fn a_statement_is_a_list_too() {
        assert_eq!(
            told("x/src/sql.rs", "const SQL: &str = \"SELECT n.owner, n.id, n.kind, n.title FROM n\";").len(),
            1
        );
    }

    #[test]
    fn some_fields_a_comment_and_a_test_are_no_list() {
        assert!(told("x/src/few.rs", "struct Few { owner: u8, id: u8, kind: u8 }").is_empty());
        assert!(told("x/src/few.rs", "// owner, id, kind, title, body\nstruct Few;").is_empty());
        assert!(told("x/src/letter/tests.rs", TYPE).is_empty());
        assert!(
            told(
                "x/src/few.rs",
                "#[cfg(test)] mod tests { struct All { owner: u8, id: u8, kind: u8, title: u8, body: u8 } }"
            )
            .is_empty()
        );
    }

    #[test]
    fn a_list_that_is_gone_leaves_the_table() {
        let faults = all_told(&[Source::new("x/src/letter.rs", "struct Letter;")]);
        let told_of =
            "x/src/letter.rs does not list the fields of a letter any more (the type): take it out of the table.";
        assert_eq!(faults, [told_of]);
    }
}
