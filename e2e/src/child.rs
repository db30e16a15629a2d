//! A child process that runs until it is told to end.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::child_options::ChildOptions;
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::process_tree::{self, Process};
use crate::watchdog;

/// The time between two checks whether a process is ready or has ended.
const PAUSE: Duration = Duration::from_millis(10);
/// The time that the kernel has to end killed processes.
const KILL_LIMIT: Duration = Duration::from_secs(10);
/// The time that processes have to stop after SIGSTOP.
const STANDSTILL: Duration = Duration::from_secs(2);

/// A process that runs in its own session and writes to a log file. It and all its descendants end when this value is
/// dropped or the test process ends.
#[derive(Debug)]
pub struct Child {
    name: String,
    pid: u32,
    log: PathBuf,
    // This is a process of std and not of tokio, because a shared server outlives the runtime of the test that started
    // it.
    process: Mutex<std::process::Child>,
    _folder: Folder,
}

impl Child {
    /// Starts the process. Its log is a file in a new temporary folder.
    pub fn start(options: &ChildOptions) -> Result<Self> {
        Self::start_in(options, &Folder::new()?)
    }

    /// Starts the process. Its log is a file in `folder`; if the file exists, the log is appended to it.
    pub fn start_in(options: &ChildOptions, folder: &Folder) -> Result<Self> {
        let name = options.shown_name().to_owned();
        let log = folder.path().join(format!("{name}.log"));
        let file = std::fs::File::options().create(true).append(true).open(&log);
        let file = file.map_err(Error::io(format!("open the log file {}", log.display())))?;
        let mut process = options.command(&file)?.spawn().map_err(Error::io(format!("start {name}")))?;
        let pid = process.id();
        let go = process.stdin.take();
        let child = Self { name, pid, log, process: Mutex::new(process), _folder: folder.clone() };
        watchdog::end_with_us(pid)?;
        if let Some(mut go) = go {
            go.write_all(b"go\n").map_err(Error::io(format!("start {}", child.name)))?;
        }
        Ok(child)
    }

    /// The process id. It stays valid until this value is dropped or the end of the process was observed.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Everything that the process has written so far.
    pub fn log(&self) -> String {
        std::fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// The path of the log file.
    pub fn log_path(&self) -> &std::path::Path {
        &self.log
    }

    /// The exit status, or `None` while the process runs.
    pub fn exit_status(&self) -> Result<Option<ExitStatus>> {
        self.exit_status_of(&mut self.lock())
    }

    /// Sends SIGTERM and returns the exit status. If the process still runs after `limit`, it is left running and the
    /// result is an error.
    pub async fn term_and_wait(&self, limit: Duration) -> Result<ExitStatus> {
        self.signal_and_wait(Signal::TERM, limit).await
    }

    /// Waits until the process ends by itself. If it still runs after `limit`, it is left running and the result is an
    /// error.
    pub async fn wait(&self, limit: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.exit_status()? {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                return Err(Error::StillRunning { name: self.name.clone(), pid: self.pid, limit });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Kills the process and all its descendants with `kill -9`. Returns when they are gone.
    pub async fn kill9(&self) -> Result<()> {
        let killed = self.kill_all();
        self.wait(KILL_LIMIT).await?;
        self.wait_gone(&killed).await
    }

    /// Stops the process and all its descendants with SIGSTOP. Returns when all their threads have stopped.
    pub fn pause(&self) {
        // Stop the process itself first, so that it starts no more processes while the list is made.
        self.signal_if_running(Signal::STOP);
        let members = self.members();
        for process in &members {
            process_tree::signal(process.pid, Signal::STOP);
        }
        // On a busy machine a thread may run on for a while before it receives the signal.
        let until = Instant::now() + STANDSTILL;
        while Instant::now() < until && !members.iter().all(|process| process_tree::stands_still(process.pid)) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Continues the processes that [`Child::pause`] stopped.
    pub fn resume(&self) {
        self.members().into_iter().for_each(|process| process_tree::signal(process.pid, Signal::CONT));
    }

    /// Ends the process with `signal`, and with `kill -9` after `limit`. Then it kills the processes that are left
    /// over.
    pub(crate) async fn end(&self, signal: Signal, limit: Duration) -> Result<()> {
        self.resume();
        let members = self.members();
        let ended = self.signal_and_wait(signal, limit).await;
        self.kill9().await?;
        members.iter().filter(|process| process_tree::is_alive(**process)).for_each(|process| {
            process_tree::signal(process.pid, Signal::KILL);
        });
        self.wait_gone(&members).await?;
        ended.map(drop)
    }

    /// Calls `ready` until it returns true, at most for `limit`. Errors name the condition as `what`.
    pub async fn wait_until<F: Future<Output = bool>>(
        &self,
        what: &str,
        limit: Duration,
        mut ready: impl FnMut() -> F,
    ) -> Result<()> {
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if tokio::time::timeout(left, ready()).await.unwrap_or(false) {
                return Ok(());
            }
            if let Some(ended) = self.ended_itself()? {
                return Err(ended);
            }
            if left.is_zero() {
                let (name, path, log) = (self.name.clone(), self.log.clone(), self.log_tail());
                return Err(Error::NotReady { name, what: what.to_owned(), limit, path, log });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Returns an error with the exit status and the last lines of the log if the process has ended by itself.
    pub(crate) fn ended_itself(&self) -> Result<Option<Error>> {
        let (name, path) = (self.name.clone(), self.log.clone());
        Ok(self.exit_status()?.map(|status| Error::EndedItself { name, status, path, log: self.log_tail() }))
    }

    async fn signal_and_wait(&self, signal: Signal, limit: Duration) -> Result<ExitStatus> {
        self.signal_if_running(signal);
        self.wait(limit).await
    }

    /// The last lines of the log, for errors.
    fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    fn members(&self) -> Vec<Process> {
        // Signal while the lock is held, so that the kernel cannot give the id to another process meanwhile.
        let mut process = self.lock();
        match self.exit_status_of(&mut process) {
            Ok(None) => process_tree::members(self.pid),
            Ok(Some(_)) | Err(_) => Vec::new(),
        }
    }

    fn signal_if_running(&self, signal: Signal) {
        let mut process = self.lock();
        if let Ok(None) = self.exit_status_of(&mut process) {
            process_tree::signal(self.pid, signal);
        }
    }

    fn kill_all(&self) -> Vec<Process> {
        self.signal_if_running(Signal::STOP);
        let members = self.members();
        for process in &members {
            process_tree::signal(process.pid, Signal::KILL);
        }
        members
    }

    async fn wait_gone(&self, processes: &[Process]) -> Result<()> {
        let deadline = Instant::now() + KILL_LIMIT;
        while let Some(process) = processes.iter().find(|process| process_tree::is_alive(**process)) {
            if Instant::now() >= deadline {
                return Err(Error::StillRunning { name: self.name.clone(), pid: process.pid, limit: KILL_LIMIT });
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    fn exit_status_of(&self, process: &mut MutexGuard<'_, std::process::Child>) -> Result<Option<ExitStatus>> {
        let status = process.try_wait().map_err(Error::io(format!("see whether {} has ended", self.name)))?;
        if status.is_some() {
            watchdog::has_ended(self.pid);
        }
        Ok(status)
    }

    fn lock(&self) -> MutexGuard<'_, std::process::Child> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let killed = self.kill_all();
        let deadline = Instant::now() + KILL_LIMIT;
        while matches!(self.exit_status(), Ok(None)) || killed.iter().any(|process| process_tree::is_alive(*process)) {
            if Instant::now() >= deadline {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
