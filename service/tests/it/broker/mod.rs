//! The broker's two implementations: one behavioural suite for both, and what only RabbitMQ can do to us.

mod kit;

mod suite;

mod embedded;
mod fates;
mod faults;
mod four;
mod rabbitmq;
mod tls;
mod topology;
