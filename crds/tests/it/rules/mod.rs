//! What the API server refuses: each CEL rule, and resources that are wrong in many ways. Both are checked in this
//! process and by a real API server.

mod api_server;
mod budget;
mod invalid;
mod local;
mod older_schema;
mod plane;
mod table;
