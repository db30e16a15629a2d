//! Step 4: what a resource wants of its broker, what is there, and the difference.
//!
//! [`desired`], [`claims`], [`diff`] and [`deletion`] decide, on plain data; [`sync`] reads and writes.

pub mod change;
pub mod claims;
pub mod deletion;
pub mod desired;
pub mod diff;
pub mod finding;
pub mod sync;

pub use change::Change;
pub use claims::Claimant;
pub use desired::Desired;
pub use finding::Finding;
