//! The register port with a real API server, and callers with different rights.

mod kit;
mod notification;
mod rights;
