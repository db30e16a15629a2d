//! Both implementations of the broker: one suite of behaviour for both, and faults that only RabbitMQ can have.

mod kit;

mod suite;

mod embedded;
mod fates;
mod faults;
mod four;
mod rabbitmq;
mod tls;
mod topology;
