//! Topology on a real RabbitMQ: the one of this machine (3.10 on Debian 12) and 4.0.

mod kit;

mod bringing_about;
mod claims;
mod faults;
mod reads;
