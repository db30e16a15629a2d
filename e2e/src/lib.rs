//! Real servers for the tests: `RabbitMQ`, `PostgreSQL` and Redis on free loopback ports, in temporary folders.
//!
//! Everything that is started here ends when its value is dropped. If the test process is killed, [`watchdog`] ends it.
//! `e2e/install.sh` installs the Debian packages that the servers need.

mod ca;
mod child;
mod child_options;
mod cluster;
mod control_plane;
mod error;
mod folder;
mod hoopoe;
mod http;
mod lifecycle;
mod ports;
mod postgres;
mod previous;
mod process_tree;
mod programs;
mod proxy;
mod rabbitmq;
mod redis;
mod register_suite;
mod server;
mod tool;
mod user;
mod watchdog;

pub use ca::{Ca, PemPair, TlsOptions};
pub use child::Child;
pub use child_options::ChildOptions;
pub use cluster::{Cluster, REGISTRY};
pub use control_plane::ControlPlane;
pub use error::{Error, Result};
pub use folder::Folder;
pub use hoopoe::hoopoe_binary;
pub use http::wait_http;
pub use ports::free_port;
pub use postgres::{Postgres, PostgresAuth, PostgresOptions};
pub use previous::previous_chart;
pub use process_tree::processes_under;
pub use proxy::Proxy;
pub use rabbitmq::{RabbitMq, RabbitMqOptions, RabbitMqVersion};
pub use redis::{Redis, RedisOptions};
pub use register_suite::register_suite;
/// The type of the first parameter of [`RabbitMq::management`].
pub use reqwest::Method;
