//! The part that the servers share: a process that can be stopped and started again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::Signal;

use crate::child::Child;
use crate::child_options::ChildOptions;
use crate::error::{Error, Result};
use crate::folder::Folder;

/// A server's process, while it runs, and the options to start the next one.
#[derive(Debug)]
pub(crate) struct Server {
    child: Mutex<Option<Arc<Child>>>,
    launch: ChildOptions,
    stop_signal: Signal,
    stop_limit: Duration,
    folder: Folder,
}

impl Server {
    /// Starts the process. A stop sends it `stop_signal`, and kills it if it still runs after `stop_limit`.
    pub(crate) fn start(
        launch: ChildOptions,
        folder: Folder,
        stop_signal: Signal,
        stop_limit: Duration,
    ) -> Result<Self> {
        let child = Mutex::new(Some(Arc::new(Child::start_in(&launch, &folder)?)));
        Ok(Self { child, launch, stop_signal, stop_limit, folder })
    }

    /// The running process.
    pub(crate) fn child(&self) -> Result<Arc<Child>> {
        let name = || Error::NotRunning { name: self.launch.shown_name().to_owned() };
        self.slot().clone().ok_or_else(name)
    }

    /// The id of the running process.
    pub(crate) fn pid(&self) -> Result<u32> {
        Ok(self.child()?.pid())
    }

    /// Stops the process with its signal. It is no error if it does not run.
    pub(crate) async fn stop(&self) -> Result<()> {
        let child = self.slot().take();
        match child {
            Some(child) => child.end(self.stop_signal, self.stop_limit).await,
            None => Ok(()),
        }
    }

    /// Kills the process. It is no error if it does not run.
    pub(crate) async fn kill9(&self) -> Result<()> {
        let child = self.slot().take();
        match child {
            Some(child) => child.kill9().await,
            None => Ok(()),
        }
    }

    /// Starts the server again. If it still runs, it is stopped first.
    pub(crate) async fn restart(&self) -> Result<()> {
        self.stop().await?;
        let child = Child::start_in(&self.launch, &self.folder)?;
        *self.slot() = Some(Arc::new(child));
        Ok(())
    }

    /// Starts the server again if it has ended by itself, and then returns the reason why it ended.
    pub(crate) fn start_if_ended(&self) -> Result<Option<Error>> {
        let mut slot = self.slot();
        let ended = slot.as_ref().map(|child| child.ended_itself()).transpose()?.flatten();
        if ended.is_some() {
            *slot = Some(Arc::new(Child::start_in(&self.launch, &self.folder)?));
        }
        Ok(ended)
    }

    /// Stops all its processes with SIGSTOP.
    pub(crate) fn pause(&self) -> Result<()> {
        self.child()?.pause();
        Ok(())
    }

    /// Continues its stopped processes.
    pub(crate) fn resume(&self) -> Result<()> {
        self.child()?.resume();
        Ok(())
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Arc<Child>>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
