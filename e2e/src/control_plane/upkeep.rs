//! What a kubelet does for a real control plane: a part of it that ends by itself is started again.
//!
//! Two of them end by design where they cannot go on. The scheduler is one that a chaos run meets: it remembers each pod with its
//! node. Where the API server's death cut its watch and it reads all pods anew, and meanwhile a pod was followed by another of the
//! same name that has no node yet, as one of a `StatefulSet` is, it takes the two for one, calls its cache corrupted and exits.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::server::Server;

/// How often it is looked whether all run.
const LOOK: Duration = Duration::from_millis(500);

/// A thread, since a control plane may outlive the runtime that started it. It ends with this value.
#[derive(Debug)]
pub(super) struct Upkeep {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Upkeep {
    /// Keeps these running, and says on standard error whom it starts again, with the last lines of its log.
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
        // Before its servers end: it would start them again.
        self.thread.take().map(JoinHandle::join);
    }
}
