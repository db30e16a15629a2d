//! The files of one crate, and which file names which other file.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    reading::{Named, Reading, read},
    sources::Source,
};

/// The files of one crate, without files that exist only in tests.
pub struct Tree {
    files: Vec<File>,
    by_module: BTreeMap<Vec<String>, usize>,
}

/// A file of a crate.
pub struct File {
    /// The path from the folder of the sources, without its ending: `store/commit`, `store/mod`.
    pub name: String,
    /// The path from the root of the repository.
    pub path: String,
    /// The names that the file uses.
    pub reading: Reading,
    module: Vec<String>,
}

/// A file that names another file.
pub struct Edge {
    /// The file that names the other.
    pub from: usize,
    /// The file that is named.
    pub to: usize,
    /// The line.
    pub line: usize,
    /// The path as the file writes it.
    pub written: String,
}

impl Tree {
    /// Reads the files under `folder`, such as `service/src`. A binary next to the library (`main.rs`, `bin/`) is not
    /// part of the tree.
    pub fn read(folder: &str, sources: &[Source]) -> Result<Self, Vec<String>> {
        let (mut files, mut faults) = (Vec::new(), Vec::new());
        for source in sources.iter().filter(|source| source.is_rust()) {
            let Some(name) = source.path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')) else { continue };
            if name == "main.rs" || name.starts_with("bin/") {
                continue;
            }
            let name = name.trim_end_matches(".rs").to_owned();
            let mut module: Vec<String> = name.split('/').map(str::to_owned).collect();
            if module.last().is_some_and(|last| last == "mod" || last == "lib") {
                module.pop();
            }
            match read(&source.text) {
                Ok(reading) => files.push(File { name, path: source.path.clone(), reading, module }),
                Err(error) => faults.push(format!("{} cannot be read: {error}.", source.path)),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let tests: BTreeSet<Vec<String>> = files
            .iter()
            .flat_map(|file| file.reading.test_modules.iter().map(|name| joined(&file.module, name)))
            .collect();
        files.retain(|file| !(1..=file.module.len()).any(|length| tests.contains(&file.module[..length])));
        let by_module = files.iter().enumerate().map(|(index, file)| (file.module.clone(), index)).collect();
        Ok(Self { files, by_module })
    }

    /// The files.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// All pairs of files in which the first names the second, each pair once.
    pub fn edges(&self) -> Vec<Edge> {
        let mut seen = BTreeSet::new();
        let mut edges = Vec::new();
        for (from, file) in self.files.iter().enumerate() {
            for named in &file.reading.paths {
                let Some(to) = self.target(from, named) else { continue };
                if to != from && !self.is_front(from, to, named) && seen.insert((from, to)) {
                    edges.push(Edge { from, to, line: named.line, written: named.segments.join("::") });
                }
            }
        }
        edges
    }

    /// The paths of a file that lead to other crates, with its imports resolved.
    pub fn foreign<'a>(&'a self, from: &'a File) -> impl Iterator<Item = (Vec<String>, usize)> + 'a {
        from.reading.paths.iter().filter_map(|named| {
            let path = self.expanded(from, &named.segments, &named.inside);
            self.absolute(from, &path, &named.inside).is_none().then_some((path, named.line))
        })
    }

    /// Whether `named` only re-exports an item of a module inside this one. The module does not depend on such an item.
    fn is_front(&self, from: usize, to: usize, named: &Named) -> bool {
        let (from, to) = (&self.files[from], &self.files[to]);
        to.module.starts_with(&from.module)
            && named.exported_as.as_ref().is_some_and(|name| !from.reading.identifiers.contains(name))
    }

    /// The file that a path needs. A `use` of a module needs no file, because the paths that go through it count
    /// themselves.
    fn target(&self, from: usize, named: &Named) -> Option<usize> {
        let file = &self.files[from];
        let path = self.expanded(file, &named.segments, &named.inside);
        let absolute = self.absolute(file, &path, &named.inside)?;
        if named.imported && self.module(&absolute).is_some() {
            return None;
        }
        self.defines(&absolute, &mut BTreeSet::new())
    }

    /// The path with its first segment replaced by the path that a `use` of this file binds to it.
    fn expanded(&self, file: &File, segments: &[String], inside: &[String]) -> Vec<String> {
        let import = file.reading.imports.iter().find(|import| {
            import.name == segments[0] && import.inside == inside && import.segments != segments && segments.len() > 1
        });
        match import {
            Some(import) if self.module(&joined(&file.module, &segments[0])).is_none() => {
                import.segments.iter().chain(&segments[1..]).cloned().collect()
            }
            Some(_) | None => segments.to_vec(),
        }
    }

    /// The path from the root of the crate, or `None` if it leads to another crate.
    fn absolute(&self, file: &File, segments: &[String], inside: &[String]) -> Option<Vec<String>> {
        let mut module: Vec<String> = file.module.iter().chain(inside).cloned().collect();
        let mut rest = segments;
        match segments[0].as_str() {
            "crate" => {
                module.clear();
                rest = &rest[1..];
            }
            "self" | "super" => {
                while let Some((first, others)) = rest.split_first() {
                    match first.as_str() {
                        "self" => {}
                        "super" => drop(module.pop()),
                        _ => break,
                    }
                    rest = others;
                }
            }
            first => {
                self.module(&joined(&module, first))?;
            }
        }
        module.extend(rest.iter().cloned());
        Some(module)
    }

    /// The file that defines the item of an absolute path. It follows each `use` on the way.
    fn defines(&self, path: &[String], seen: &mut BTreeSet<Vec<String>>) -> Option<usize> {
        let depth = (0..=path.len()).rev().find(|length| self.by_module.contains_key(&path[..*length]))?;
        let here = self.by_module[&path[..depth]];
        let Some(item) = path.get(depth) else { return Some(here) };
        let file = &self.files[here];
        let import = file.reading.imports.iter().find(|import| import.inside.is_empty() && import.name == *item);
        let further = import.and_then(|import| {
            let mut further = self.absolute(file, &import.segments, &[])?;
            further.extend(path[depth + 1..].iter().cloned());
            seen.insert(path.to_vec()).then(|| self.defines(&further, seen)).flatten()
        });
        further.or(Some(here))
    }

    fn module(&self, path: &[String]) -> Option<usize> {
        self.by_module.get(path).copied()
    }
}

fn joined(module: &[String], name: &str) -> Vec<String> {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> =
            files.iter().map(|(path, text)| Source::new(&format!("x/src/{path}"), text)).collect();
        let tree = Tree::read("x/src", &sources).unwrap();
        let name = |index: usize| tree.files()[index].name.clone();
        tree.edges().iter().map(|edge| format!("{} -> {}", name(edge.from), name(edge.to))).collect()
    }

    #[test]
    fn a_front_door_leads_to_the_file_that_defines() {
        let files = [
            ("store/mod.rs", "mod sql; mod error; pub use sql::Sql; pub use error::Error;"),
            ("store/sql.rs", "use super::Error; pub struct Sql(Error);"),
            ("store/error.rs", "pub struct Error;"),
            ("inbox.rs", "fn f(_: crate::store::Sql) {}"),
        ];
        assert_eq!(edges(&files), ["store/sql -> store/error", "inbox -> store/sql"]);
    }

    #[test]
    fn a_front_door_that_uses_what_it_shows_needs_it() {
        let files = [
            ("store/mod.rs", "mod sql; pub use sql::Sql; pub fn open() -> Sql { Sql }"),
            ("store/sql.rs", "pub struct Sql;"),
        ];
        assert_eq!(edges(&files), ["store/mod -> store/sql"]);
    }

    #[test]
    fn a_method_is_not_what_a_front_door_shows() {
        let files = [
            ("store/mod.rs", "mod open; pub use open::open; pub trait Store { fn open(&self); }"),
            ("store/open.rs", "pub fn open(store: &dyn super::Store) { store.open() }"),
        ];
        assert_eq!(edges(&files), ["store/open -> store/mod"]);
    }

    #[test]
    fn an_imported_module_leads_on() {
        let files =
            [("a.rs", "use crate::b; fn f() { b::c::g() }"), ("b/mod.rs", "pub mod c;"), ("b/c.rs", "pub fn g() {}")];
        assert_eq!(edges(&files), ["a -> b/c"]);
    }

    #[test]
    fn what_exists_in_tests_alone_is_no_file() {
        let files =
            [("a.rs", "#[cfg(test)] mod tests;"), ("a/tests.rs", "use crate::b;"), ("b.rs", "use super::a::A;")];
        assert_eq!(edges(&files), ["b -> a"]);
    }
}
