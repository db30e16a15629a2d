//! The broker's two implementations: one behavioural suite for both, and what only RabbitMQ can do to us.

// A test says what it expects by unwrapping it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "broker/kit.rs"]
mod kit;

#[path = "broker/suite.rs"]
mod suite;

#[path = "broker/embedded.rs"]
mod embedded;
#[path = "broker/fates.rs"]
mod fates;
#[path = "broker/faults.rs"]
mod faults;
#[path = "broker/four.rs"]
mod four;
#[path = "broker/rabbitmq.rs"]
mod rabbitmq;
#[path = "broker/tls.rs"]
mod tls;
#[path = "broker/topology.rs"]
mod topology;
