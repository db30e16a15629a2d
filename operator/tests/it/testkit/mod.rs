//! What the tests of several areas share.

pub mod client;
pub mod wait;
