//! Reads the files of the repository once.

use std::path::{Path, PathBuf};

/// A file of the repository.
pub struct Source {
    /// The path from the root of the repository, with `/`.
    pub path: String,
    /// The content of the file.
    pub text: String,
}

impl Source {
    /// A source for a test.
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// Whether the file is a Rust file.
    pub fn is_rust(&self) -> bool {
        has_ending(&self.path, "rs")
    }

    /// The lines with their numbers, from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

/// Whether a path ends with `.ending`.
pub fn has_ending(path: &str, ending: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == ending)
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file of the repository, in the order of the paths. Hidden folders and folders of build output are left out.
pub fn all() -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() && !name.starts_with('.') && !["target", "corpus", "artifacts"].contains(&name.as_str()) {
                folders.push(entry.path());
            }
            if kind.is_file() {
                let path = entry.path();
                // A file that is not text counts as an empty file: it exists, but its content cannot be read.
                let text = String::from_utf8(std::fs::read(&path).unwrap()).unwrap_or_default();
                let path = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                found.push(Source { path, text });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(found.iter().any(|source| source.path == "Cargo.toml"), "the root of the repository is {}", root.display());
    found
}
