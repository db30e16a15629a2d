//! The servers that the other crates' tests start, started here for their own sake: a module for each.

mod child;
mod control_plane;
mod postgres;
mod proxy;
mod rabbitmq;
mod redis;
mod watchdog;
