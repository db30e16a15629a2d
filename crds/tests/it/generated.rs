//! The committed files are the ones that `hoopoe-crds` writes.

use std::{fs, path::Path, process::Command};

/// `HOOPOE_GENERATE=1` writes the files again.
#[test]
fn the_committed_definitions_are_fresh() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("yaml");
    let fresh = tempfile::tempdir().unwrap();
    let folder = if std::env::var_os("HOOPOE_GENERATE").is_some() { &committed } else { fresh.path() };
    let ended = Command::new(env!("CARGO_BIN_EXE_hoopoe-crds")).arg(folder).status().unwrap();
    assert!(ended.success(), "{ended}");
    let names = |folder: &Path| {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(folder), names(&committed));
    for name in names(&committed) {
        let read = |folder: &Path| fs::read_to_string(folder.join(&name)).unwrap();
        assert!(read(folder) == read(&committed), "crds/yaml/{} is stale: make generate", name.display());
    }
}
