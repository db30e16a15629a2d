//! The Helm charts on a real API server: what they render is taken, and what they grant is enough and no more.

// Test code: a panic is the report.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "charts/kit.rs"]
mod kit;

#[path = "charts/release.rs"]
mod release;
#[path = "charts/rights.rs"]
mod rights;
#[path = "charts/server_side.rs"]
mod server_side;
