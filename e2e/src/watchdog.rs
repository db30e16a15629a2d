//! The watchdog: one shell per test process that ends everything when that process is gone, even if it was killed.
//!
//! It waits for the end of a pipe whose other end only this process holds. The kernel closes that end even on `kill
//! -9`, when no destructor runs. The watchdog also ends servers in a `static`, which Rust never drops.
//!
//! The alternative, a parent-death signal (`setpriv --pdeathsig`), has three faults: it fires when the *thread* that
//! started the process ends (a tokio worker ends with its test); a change of user, as for `PostgreSQL`, clears it; and
//! it reaches only one process, but `RabbitMQ` and `PostgreSQL` have many.

use std::io::Write;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};

static PIPE: Mutex<Option<ChildStdin>> = Mutex::new(None);

/// Tells the watchdog to end the process, its session and all their descendants when this process ends.
pub(crate) fn end_with_us(pid: u32) -> Result<()> {
    tell(&format!("+ {pid}"))
}

/// Tells the watchdog that the process has ended, because the kernel may give its id to another process soon.
pub(crate) fn has_ended(pid: u32) {
    // This fails only if the watchdog has ended; then there is no process to tell.
    let _ = tell(&format!("- {pid}"));
}

/// Tells the watchdog to remove the folder and its content when this process ends.
pub(crate) fn remove_at_end(folder: &Path) -> Result<()> {
    tell(&format!("d {}", folder.display()))
}

/// Tells the watchdog to run the script after this process and all its descendants are gone.
pub(crate) fn run_at_end(script: &Path) -> Result<()> {
    tell(&format!("x {}", script.display()))
}

fn tell(line: &str) -> Result<()> {
    let mut pipe = PIPE.lock().unwrap_or_else(PoisonError::into_inner);
    let pipe = match &mut *pipe {
        Some(pipe) => pipe,
        none => none.insert(start()?),
    };
    pipe.write_all(format!("{line}\n").as_bytes()).map_err(Error::io("speak to the watchdog"))
}

fn start() -> Result<ChildStdin> {
    // The watchdog has its own session, so an interrupt at the terminal ends the tests but not the watchdog, which
    // cleans up after them.
    let mut watchdog = Command::new("setsid")
        .args(["sh", "-c", include_str!("watchdog.sh"), "hoopoe-e2e-watchdog"])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(Error::io("start the watchdog"))?;
    watchdog.stdin.take().ok_or(Error::NotRunning { name: "the watchdog".to_owned() })
}
