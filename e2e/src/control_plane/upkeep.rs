//! Restarts parts of a control plane that end by themselves, as a kubelet does for a real control plane.
//!
//! Two parts exit by design when they cannot go on. A chaos run makes the scheduler exit: it remembers the node of each
//! pod. When the API server is killed, the scheduler's watch breaks and it reads all pods again. If a pod was meanwhile
//! replaced by one with the same name that has no node yet, as happens in a `StatefulSet`, the scheduler takes the two
//! for one pod, reports a corrupted cache and exits.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::server::Server;

/// The time between two checks whether all parts run.
const LOOK: Duration = Duration::from_millis(500);

/// The thread that restarts parts. It is a thread because a control plane may outlive the runtime that started it. It
/// ends with this value.
#[derive(Debug)]
pub(super) struct Upkeep {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Upkeep {
    /// Keeps these servers running. For each restart it prints the server's name and the last lines of its log on
    /// standard error.
    pub(super) fn of(servers: Vec<Arc<Server>>) -> Result<Self> {
        let (end, ended) = channel();
        let keep = move || {
            while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                for server in &servers {
                    match server.start_if_ended() {
                        Ok(None) => {}
                        Ok(Some(ended)) => eprintln!("started again: {ended}"),
                        Err(error) => eprintln!("could not be started again: {error}"),
                    }
                }
            }
        };
        let thread = std::thread::Builder::new().name("upkeep".to_owned()).spawn(keep);
        let thread = thread.map_err(Error::io("start the control plane's upkeep"))?;
        Ok(Self { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        drop(self.end.take());
        // End the thread before its servers end, because it would start them again.
        self.thread.take().map(JoinHandle::join);
    }
}
