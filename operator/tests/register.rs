//! The register port against a real API server, with callers of different rights.

// Test code: a panic is the report.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "register/kit.rs"]
mod kit;
#[path = "register/notification.rs"]
mod notification;
#[path = "register/rights.rs"]
mod rights;
