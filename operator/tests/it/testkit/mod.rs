//! What the tests of several areas share.

pub mod client;
pub mod definitions;
pub mod objects;
pub mod wait;
