//! What the API server refuses: each CEL rule, and resources that are wrong in many ways; evaluated here, and by a real API server.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

#[path = "rules/api_server.rs"]
mod api_server;
#[path = "rules/budget.rs"]
mod budget;
#[path = "rules/invalid.rs"]
mod invalid;
#[path = "rules/local.rs"]
mod local;
#[path = "rules/merge.rs"]
mod merge;
#[path = "rules/older_schema.rs"]
mod older_schema;
#[path = "rules/plane.rs"]
mod plane;
#[path = "rules/table.rs"]
mod table;
