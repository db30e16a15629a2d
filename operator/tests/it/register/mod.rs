//! The register port against a real API server, with callers of different rights.

mod kit;
mod notification;
mod rights;
