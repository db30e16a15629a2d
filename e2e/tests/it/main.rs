//! Tests of the servers that the other crates' tests start, with a module for each.

mod child;
mod control_plane;
mod postgres;
mod proxy;
mod rabbitmq;
mod redis;
mod watchdog;
