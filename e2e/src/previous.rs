//! The charts of the previous version, for tests of `helm upgrade`.

use std::io::{Error as IoError, ErrorKind};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The archive of a chart's previous version in `charts/previous`, where `charts/next-version.sh` has put it. `chart`
/// is the chart's name, which may be the beginning of another chart's name.
///
/// # Errors
/// The folder cannot be read, or it does not have exactly one archive of the chart.
pub fn previous_chart(chart: &str) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/previous");
    find(&folder, chart).map_err(Error::io(format!("find the one archive of {chart} in charts/previous")))
}

fn find(folder: &Path, chart: &str) -> std::result::Result<PathBuf, IoError> {
    let entries: Vec<_> = folder.read_dir()?.collect::<std::result::Result<_, _>>()?;
    let of_chart = |name: &str| {
        let version = name.strip_prefix(chart).and_then(|rest| rest.strip_prefix('-'));
        version.is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit()))
    };
    let mut found = entries.iter().filter(|entry| of_chart(&entry.file_name().to_string_lossy()));
    match (found.next(), found.next()) {
        (Some(archive), None) => Ok(archive.path()),
        _ => Err(ErrorKind::NotFound.into()),
    }
}
