//! What may be done to any of the three servers, whichever it is.

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

    /// The one that is there; whoever asks first starts it.
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

/// The methods of a type with a field `server` and a method `wait_ready`.
macro_rules! lifecycle {
    ($server:ident) => {
        impl $server {
            /// The id of the process that all its others come from.
            pub fn pid(&self) -> $crate::error::Result<u32> {
                self.server.pid()
            }

            /// The server's log.
            pub fn log(&self) -> $crate::error::Result<String> {
                Ok(self.server.child()?.log())
            }

            /// Starts it again, same ports, same data, after a gentle end where it still runs.
            pub async fn restart(&self) -> $crate::error::Result<()> {
                self.server.restart().await?;
                self.wait_ready().await
            }

            /// Freezes all its processes.
            pub fn pause(&self) -> $crate::error::Result<()> {
                self.server.pause()
            }

            /// Thaws them.
            pub fn resume(&self) -> $crate::error::Result<()> {
                self.server.resume()
            }
        }
    };
}
pub(crate) use lifecycle;
