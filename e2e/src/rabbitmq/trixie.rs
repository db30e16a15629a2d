//! A root folder with Debian trixie and its `RabbitMQ` 4.0.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::tool;
use crate::user::is_root;

/// The time limit is long because Debian's packages may have to be downloaded.
const LIMIT: Duration = Duration::from_mins(20);

/// The path of the folder, which `e2e/trixie.sh` makes if it is missing.
pub(super) async fn folder() -> Result<PathBuf> {
    if !is_root() {
        return Err(Error::NoTrixie { reason: "only root may make and enter another root folder".to_owned() });
    }
    let mut command = tokio::process::Command::new("sh");
    command.args(["-c", include_str!("../../trixie.sh"), "trixie.sh"]);
    match tool::run(command, LIMIT).await {
        Ok(output) => Ok(PathBuf::from(output.trim_end())),
        Err(Error::Tool { output, .. }) => Err(Error::NoTrixie { reason: output.trim_end().to_owned() }),
        Err(error) => Err(error),
    }
}
