//! Base64 with the interface that `rabbitmq_http_client` uses. It replaces the crate of this name (`[patch]` in the
//! workspace's Cargo.toml).
//!
//! That crate sets the process's global allocator, which no library should: with it the operator held 125 MiB at 1,000
//! resources, without it 73 MiB. It would also bring a thread pool, only to hash a password.

use base64::Engine;

/// The bytes in base64, with padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
