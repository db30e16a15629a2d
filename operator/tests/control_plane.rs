//! The operator, under its least role, on a real API server with a real RabbitMQ.

#[path = "control_plane/kit.rs"]
mod kit;

#[path = "control_plane/both_kinds.rs"]
mod both_kinds;
#[path = "control_plane/commands.rs"]
mod commands;
