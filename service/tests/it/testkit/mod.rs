//! What the tests of several areas share.

pub mod client;
pub mod notification;
pub mod wait;
