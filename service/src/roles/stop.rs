//! When a process must stop.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// A token that the first SIGTERM or SIGINT cancels. A second SIGINT ends the process at once, for use in a terminal.
pub fn on_signal() -> std::io::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    let token = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = term.recv() => info!("received SIGTERM: the process drains, then stops"),
            _ = int.recv() => info!("received SIGINT: the process drains, then stops; Ctrl-C again stops it at once"),
        }
        token.cancel();
        int.recv().await;
        warn!("received SIGINT while draining: the process stops at once");
        std::process::exit(130);
    });
    Ok(stop)
}
