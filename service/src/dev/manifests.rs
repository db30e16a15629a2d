//! The manifests in files and folders.

use std::path::{Path, PathBuf};

use hoopoe_crds::Manifest;

use super::DevError;

/// Reads every manifest in the files, and in the `.yaml`, `.yml` and `.json` files of the folders, in the order of
/// their names. The second list holds what is of other kinds. The caller logs it, because the log is set up only after
/// the manifests are read.
pub(super) fn read_all(filenames: &[PathBuf]) -> Result<(Vec<Manifest>, Vec<String>), DevError> {
    let (mut manifests, mut passed_over) = (Vec::new(), Vec::new());
    for path in filenames {
        for file in files_of(path)? {
            let text =
                std::fs::read_to_string(&file).map_err(|source| DevError::File { path: file.clone(), source })?;
            let (found, others) =
                Manifest::read_all(&text).map_err(|source| DevError::Manifest { path: file.clone(), source })?;
            passed_over.extend(others.iter().map(|other| format!("{other} in {}", file.display())));
            manifests.extend(found);
        }
    }
    Ok((manifests, passed_over))
}

fn files_of(path: &Path) -> Result<Vec<PathBuf>, DevError> {
    let failed = |source| DevError::File { path: path.to_owned(), source };
    if !std::fs::metadata(path).map_err(failed)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        let extension = file.extension().and_then(|extension| extension.to_str());
        if file.is_file() && matches!(extension, Some("yaml" | "yml" | "json")) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}
