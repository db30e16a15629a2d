//! The methods that all three servers have.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::error::Result;

/// A server that all tests of this process share.
pub(crate) struct Shared<T>(Mutex<Option<Arc<T>>>);

impl<T> Shared<T> {
    /// Not started yet.
    pub(crate) const fn new() -> Self {
        Self(Mutex::const_new(None))
    }

    /// Returns the shared server. The first call starts it.
    pub(crate) async fn get(&self, start: impl AsyncFnOnce() -> Result<T>) -> Result<Arc<T>> {
        let mut shared = self.0.lock().await;
        if let Some(server) = &*shared {
            return Ok(server.clone());
        }
        let server = Arc::new(start().await?);
        *shared = Some(server.clone());
        Ok(server)
    }
}

/// Adds the methods to a type with a field `server` and a method `wait_ready`.
macro_rules! lifecycle {
    ($server:ident) => {
        impl $server {
            /// The id of the server's first process, which has started all others.
            pub fn pid(&self) -> $crate::error::Result<u32> {
                self.server.pid()
            }

            /// The content of the server's log.
            pub fn log(&self) -> $crate::error::Result<String> {
                Ok(self.server.child()?.log())
            }

            /// Starts the server again with the same ports and the same data. If it still runs, it is stopped first.
            pub async fn restart(&self) -> $crate::error::Result<()> {
                self.server.restart().await?;
                self.wait_ready().await
            }

            /// Stops all its processes with SIGSTOP.
            pub fn pause(&self) -> $crate::error::Result<()> {
                self.server.pause()
            }

            /// Continues its stopped processes.
            pub fn resume(&self) -> $crate::error::Result<()> {
                self.server.resume()
            }
        }
    };
}
pub(crate) use lifecycle;
