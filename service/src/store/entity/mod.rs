//! The three tables as sea-orm entities.

pub mod notification;
pub mod owner_state;
pub mod store;
