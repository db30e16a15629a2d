//! The watchdog: one shell per test process that ends everything when that process is gone, however it went.
//!
//! It waits for the end of a pipe whose other end only this process holds. The kernel closes that end on `kill -9` too,
//! where no destructor runs. The alternative, a parent-death signal (`setpriv --pdeathsig`), fires when the *thread*
//! that started the process ends (a tokio worker ends with its test), is cleared by a change of user as for `PostgreSQL`,
//! and reaches one process where `RabbitMQ` and `PostgreSQL` are many. It also covers servers in a `static`, which Rust
//! never drops.

use std::io::Write;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};

static PIPE: Mutex<Option<ChildStdin>> = Mutex::new(None);

/// From now on the process, its session and all that they start end with this process.
pub(crate) fn end_with_us(pid: u32) -> Result<()> {
    tell(&format!("+ {pid}"))
}

/// The process has ended, so its id may soon be another's.
pub(crate) fn has_ended(pid: u32) {
    // Only the watchdog's own end makes this fail; then nothing is left to be told.
    let _ = tell(&format!("- {pid}"));
}

/// The folder and all that is in it go with this process.
pub(crate) fn remove_at_end(folder: &Path) -> Result<()> {
    tell(&format!("d {}", folder.display()))
}

/// The script runs once this process and all that it started are gone.
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
    // A session of its own: an interrupt at the terminal ends the tests, not the one who cleans up after them.
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
