//! The operator with its least role, on a real API server and a real RabbitMQ.

mod kit;

mod autoscalers;
mod broker_faults;
mod broker_proxy;
mod clusters;
mod commands;
mod deletion;
mod drift;
mod edits;
mod every_field;
mod faults;
mod faulty_client;
mod leadership;
mod life;
mod namespaces;
mod older_workers;
mod plan;
mod register_port;
mod rights;
mod secrets;
mod upgrades;
mod watches;
