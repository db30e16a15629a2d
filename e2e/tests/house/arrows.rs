//! Arrows between rooms: which other rooms a room of a crate may name, and which foreign crates it may not name.

use std::collections::BTreeSet;

use crate::{
    tables::{Ban, House},
    tree::{File, Tree},
};

/// Returns a sentence for each wrong arrow, each file without a room, and each line of the table that no file needs.
pub fn faults(house: &House, tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    let rooms: Vec<Option<usize>> = tree.files().iter().map(|file| room(house, file)).collect();
    // A crate without a table counts as one room.
    let homeless = tree.files().iter().zip(&rooms).filter(|(_, room)| room.is_none() && !house.rooms.is_empty());
    let homeless: BTreeSet<&str> = homeless.filter_map(|(file, _)| file.name.split('/').next()).collect();
    faults.extend(homeless.iter().map(|name| format!("{}/{name} is no room of the table.", house.folder)));
    let mut used = vec![vec![false; house.rooms.len()]; house.rooms.len()];
    for edge in tree.edges() {
        let (Some(from), Some(to)) = (rooms[edge.from], rooms[edge.to]) else { continue };
        used[from][to] = true;
        let (from, to) = (&house.rooms[from], &house.rooms[to]);
        if from.name != to.name && !from.may_name.contains(&to.name) {
            faults.push(format!(
                "{}:{}: room {} may not name room {}, and names {} ({}).",
                tree.files()[edge.from].path,
                edge.line,
                from.name,
                to.name,
                edge.written,
                tree.files()[edge.to].path,
            ));
        }
    }
    for (from, room) in house.rooms.iter().enumerate() {
        if !rooms.contains(&Some(from)) {
            faults.push(format!("{}: the table has a room {} without a file.", house.folder, room.name));
            continue;
        }
        for name in room.may_name {
            match house.rooms.iter().position(|other| other.name == *name) {
                Some(to) if used[from][to] => {}
                Some(_) => faults.push(format!(
                    "{}: room {} does not name room {}: take the arrow out of the table.",
                    house.folder, room.name, name
                )),
                None => faults.push(format!("{}: the table names a room {name} and has none.", house.folder)),
            }
        }
    }
    faults.extend(banned(house, tree));
    faults
}

/// Returns a sentence for each foreign path in a room that may not name it.
fn banned(house: &House, tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for Ban { rooms, paths, reason } in house.bans {
        let inside = |file: &&File| rooms.iter().any(|room| is_under(&file.name, room));
        for file in tree.files().iter().filter(inside) {
            let mut told = Vec::new();
            for (written, line) in tree.foreign(file) {
                let Some(path) = paths.iter().find(|path| starts_with(&written, path)) else { continue };
                if !told.contains(path) {
                    told.push(path);
                    faults.push(format!("{}:{line}: names {path}, but {reason}.", file.path));
                }
            }
        }
    }
    faults
}

/// The room of a file: the longest name in the table that its path starts with.
fn room(house: &House, file: &File) -> Option<usize> {
    (0..house.rooms.len())
        .filter(|index| is_under(&file.name, house.rooms[*index].name))
        .max_by_key(|index| house.rooms[*index].name.len())
}

/// Whether a file (`store/commit`) is `place` (`store`) or is inside it. Every file is inside the empty place.
fn is_under(file: &str, place: &str) -> bool {
    place.is_empty() || file.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn starts_with(written: &[String], path: &str) -> bool {
    let path: Vec<&str> = path.split("::").collect();
    written.len() >= path.len() && path.iter().zip(written).all(|(wanted, found)| wanted == found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sources::Source, tables::Room};

    const HOUSE: House = House {
        folder: "x/src",
        rooms: &[
            Room { name: "edge", may_name: &["core"] },
            Room { name: "core", may_name: &["core/open"] },
            Room { name: "core/open", may_name: &["core/amqp"] },
            Room { name: "core/amqp", may_name: &[] },
        ],
        bans: &[Ban { rooms: &["core"], paths: &["axum", "kube::Client"], reason: "the core has no protocol" }],
    };

    fn told(change: (&str, &str)) -> Vec<String> {
        let mut sources = vec![
            Source::new("x/src/edge.rs", "use crate::core::Thing; use axum::Router; fn f(_: Thing, _: Router) {}"),
            Source::new("x/src/core/mod.rs", "pub struct Thing; fn f() { open::open() }"),
            Source::new("x/src/core/open.rs", "pub fn open() { super::amqp::connect() }"),
            Source::new("x/src/core/amqp.rs", "pub fn connect() {}"),
        ];
        sources.retain(|source| source.path != change.0);
        sources.push(Source::new(change.0, change.1));
        faults(&HOUSE, &Tree::read("x/src", &sources).unwrap())
    }

    #[test]
    fn a_tree_as_the_table_says_has_no_fault() {
        assert!(told(("x/src/core/amqp.rs", "pub fn connect() {}")).is_empty());
    }

    #[test]
    fn a_wrong_arrow_is_told_with_its_place() {
        assert_eq!(
            told(("x/src/core/amqp.rs", "pub fn connect() {\n    crate::edge::serve()\n}")),
            ["x/src/core/amqp.rs:2: room core/amqp may not name room edge, \
                 and names crate::edge::serve (x/src/edge.rs)."]
        );
    }

    #[test]
    fn an_implementation_is_named_by_the_factory_alone() {
        assert_eq!(
            told(("x/src/edge.rs", "use crate::core::{Thing, amqp::connect};")),
            ["x/src/edge.rs:1: room edge may not name room core/amqp, \
                 and names crate::core::amqp::connect (x/src/core/amqp.rs)."]
        );
    }

    #[test]
    fn a_banned_crate_is_told_however_it_is_named() {
        for text in [
            "use axum::Router;",
            "use kube::{Api, Client};",
            "fn f(_: kube::Client) {}",
            "use kube as k; fn f(_: k::Client) {}",
        ] {
            let faults = told(("x/src/core/amqp.rs", &format!("pub fn connect() {{}}\n{text}")));
            assert_eq!(faults.len(), 1, "{text}: {faults:?}");
            assert!(faults[0].ends_with("but the core has no protocol."), "{faults:?}");
        }
    }

    #[test]
    fn a_new_folder_needs_a_room_and_an_old_arrow_goes() {
        assert_eq!(told(("x/src/topics.rs", "")), ["x/src/topics is no room of the table."]);
        assert_eq!(
            told(("x/src/core/open.rs", "pub fn open() {}")),
            ["x/src: room core/open does not name room core/amqp: take the arrow out of the table."]
        );
    }
}
