//! The broker over AMQP 0.9.1: RabbitMQ, through lapin.
//!
//! lapin's own recovery is off: it would replay topology and consumers on a new connection, and resolve a lost confirm
//! with the error of the old one. Instead, one supervised task per connection reconnects, and the task that held a
//! channel learns that the channel is gone.

mod connection;
mod dial;
mod fate;
mod fault;
mod group;
mod lane;
mod letter;
mod management;
mod policy;
mod publisher;
mod queue;
mod table;
mod topology;

pub use publisher::AmqpPublisher;
pub use queue::AmqpQueue;
pub use topology::AmqpTopology;
