//! The `hoopoe` binary of this build, for the tests of other crates.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::tool;

/// The time limit is enough for a build from nothing on two cores.
const BUILD_LIMIT: Duration = Duration::from_mins(15);

/// The path of `hoopoe`. If `HOOPOE_PROGRAMS` is set, it is in that folder, which `e2e/build.sh` has filled. Otherwise
/// Cargo builds it next to the test's binary. That build enables only the features of this one package, so Cargo
/// compiles most dependencies a second time.
pub async fn hoopoe_binary() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("HOOPOE_PROGRAMS") {
        return Ok(PathBuf::from(folder).join("hoopoe"));
    }
    let test = std::env::current_exe().map_err(Error::io("find this test's own path"))?;
    // target/debug/deps/test-0123 → target/debug/hoopoe
    let folder = test.parent().and_then(|deps| deps.parent()).map(PathBuf::from).unwrap_or_default();
    let mut build = tokio::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--quiet", "--locked", "--package", "hoopoe", "--bin", "hoopoe"]);
    tool::run(build, BUILD_LIMIT).await?;
    Ok(folder.join("hoopoe"))
}
