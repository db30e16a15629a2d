//! Where a protocol meets the rooms below: an edge reads requests, asks for permission, and says what went wrong in its
//! protocol's words. Nothing below an edge knows a protocol.

pub mod http;
