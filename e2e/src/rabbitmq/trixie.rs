//! A root folder with Debian trixie and its `RabbitMQ` 4.0.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::tool;
use crate::user::is_root;

/// Debian's packages may have to be downloaded.
const LIMIT: Duration = Duration::from_mins(20);

/// The folder, made where it is missing by `e2e/trixie.sh`.
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
