//! The ports of Hoopoe's own processes.

/// The ingest endpoint and the inbox API, where a spec names no other port.
pub const HTTP: u16 = 8080;
/// Health and metrics of every process. A worker's spec cannot change it, and no other port of a spec may be this one.
pub const ADMIN: u16 = 8081;

/// [`HTTP`] as serde's `default` takes it.
pub(crate) fn default_http() -> u16 {
    HTTP
}
