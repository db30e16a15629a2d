//! What the three servers share: a process that may be ended and started again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::Signal;

use crate::child::Child;
use crate::child_options::ChildOptions;
use crate::error::{Error, Result};
use crate::folder::Folder;

/// How often a first start is tried with other ports.
pub(crate) const ATTEMPTS: usize = 5;

/// A server's process, while there is one, and how to start the next.
#[derive(Debug)]
pub(crate) struct Server {
    child: Mutex<Option<Arc<Child>>>,
    launch: ChildOptions,
    stop_signal: Signal,
    stop_limit: Duration,
    folder: Folder,
}

impl Server {
    /// Starts the process. It is asked to end by `stop_signal`, and killed if it has not after `stop_limit`.
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

    /// Its process id.
    pub(crate) fn pid(&self) -> Result<u32> {
        Ok(self.child()?.pid())
    }

    /// Ends it gently; that it does not run is no error.
    pub(crate) async fn stop(&self) -> Result<()> {
        let child = self.slot().take();
        match child {
            Some(child) => child.end(self.stop_signal, self.stop_limit).await,
            None => Ok(()),
        }
    }

    /// Ends it by force; that it does not run is no error.
    pub(crate) async fn kill9(&self) -> Result<()> {
        let child = self.slot().take();
        match child {
            Some(child) => child.kill9().await,
            None => Ok(()),
        }
    }

    /// Starts it again, after a gentle end where it still runs.
    pub(crate) async fn restart(&self) -> Result<()> {
        self.stop().await?;
        let child = Child::start_in(&self.launch, &self.folder)?;
        *self.slot() = Some(Arc::new(child));
        Ok(())
    }

    /// Starts it again where it has ended by itself; how it ended.
    pub(crate) fn start_if_ended(&self) -> Result<Option<Error>> {
        let mut slot = self.slot();
        let ended = slot.as_ref().map(|child| child.ended_itself()).transpose()?.flatten();
        if ended.is_some() {
            *slot = Some(Arc::new(Child::start_in(&self.launch, &self.folder)?));
        }
        Ok(ended)
    }

    /// Freezes all its processes.
    pub(crate) fn pause(&self) -> Result<()> {
        self.child()?.pause();
        Ok(())
    }

    /// Thaws them.
    pub(crate) fn resume(&self) -> Result<()> {
        self.child()?.resume();
        Ok(())
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Arc<Child>>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
