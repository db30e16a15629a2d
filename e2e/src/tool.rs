//! Commands that end by themselves: `initdb`, `psql`, `redis-cli`, `rabbitmqctl`.

use std::process::Stdio;
use std::time::Duration;

use crate::error::{Error, Result};

/// Runs a command to its end, at most for `limit`, and returns its output. The error contains its standard error.
pub(crate) async fn run(mut command: tokio::process::Command, limit: Duration) -> Result<String> {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = match tokio::time::timeout(limit, command.output()).await {
        Ok(output) => output,
        Err(_elapsed) => {
            return Err(Error::ToolTimeout { command: name, limit });
        }
    };
    let output = match output {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::ProgramMissing { program: name });
        }
        output => output.map_err(Error::io(format!("run {name}")))?,
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(Error::Tool { command: name, status: output.status, output: format!("{text}{complaint}") })
}
