//! An edge connects a protocol with the rooms below. It reads requests, checks permission, and reports errors in its
//! protocol's terms. No room below an edge knows a protocol.

pub mod http;
