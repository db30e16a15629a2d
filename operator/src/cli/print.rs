//! Prints the output of a command.

use std::io::{self, ErrorKind, Write};

/// Writes a text. A reader that closes the pipe (`| head`) is not an error.
pub(super) fn print(text: &str) -> io::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
