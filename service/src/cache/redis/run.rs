//! Which run of the server this is. Only a process that saw the fence before can see that it went back. If the server
//! was started from old data while no worker ran, no process saw the fence go back or a connection break. So the id of
//! the run that was last written to is kept beside the fence, and every new connection compares it with the server's
//! own id.

use std::time::Duration;

use redis::{InfoDict, RedisError, RedisResult, aio::MultiplexedConnection};
use tokio::time::timeout;

use super::{keys::Keys, script};

/// The longest time for asking.
const LIMIT: Duration = Duration::from_secs(2);

/// What a new connection finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// The run that was noted last, or a server without any entry.
    Same,
    /// Another run than the noted one: its id.
    Other(String),
    /// The server does not say which run it is, so it may be any run.
    Unknown,
}

/// Asks the server, before anything else is sent on its connection.
pub(super) async fn meet(connection: &mut MultiplexedConnection, keys: &Keys) -> RedisResult<Met> {
    let asked = async {
        let run = run_id(connection).await?;
        let noted = script::meet(connection, keys, run.as_deref().unwrap_or_default()).await?;
        Ok(judge(run, noted.as_deref()))
    };
    timeout(LIMIT, asked).await.unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
}

/// The id that a server chooses at each start. `None` if asking is not allowed, or the server does not answer with an
/// id.
async fn run_id(connection: &mut MultiplexedConnection) -> RedisResult<Option<String>> {
    let info: RedisResult<InfoDict> = redis::cmd("INFO").arg("server").query_async(connection).await;
    match info {
        Ok(info) => Ok(info.get::<String>("run_id").filter(|run| !run.is_empty())),
        Err(error) if is_lost(&error) => Err(error),
        // The command is refused by an access list, renamed, or answers in an unknown form.
        Err(_) => Ok(None),
    }
}

/// Whether an error ends the connection.
pub(super) fn is_lost(error: &RedisError) -> bool {
    error.is_io_error() || error.is_connection_dropped() || error.is_unrecoverable_error()
}

fn judge(run: Option<String>, noted: Option<&str>) -> Met {
    match run {
        Some(run) if noted == Some(run.as_str()) => Met::Same,
        Some(run) => Met::Other(run),
        None => Met::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_run_that_is_known_and_noted_is_the_same() {
        let run = |text: &str| Some(text.to_owned());
        assert_eq!(judge(run("a"), Some("a")), Met::Same);
        assert_eq!(judge(run("a"), Some("b")), Met::Other("a".to_owned()));
        assert_eq!(judge(run("a"), Some("")), Met::Other("a".to_owned()), "noted while it did not say");
        assert_eq!(judge(run("a"), None), Met::Other("a".to_owned()), "an older build's fence");
        for noted in [None, Some(""), Some("b")] {
            assert_eq!(judge(None, noted), Met::Unknown);
        }
    }
}
