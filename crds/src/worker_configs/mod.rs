//! From a spec to the `WorkerConfig` of each of its workers.
//!
//! In a cluster the operator declares exchanges, queues and bindings ([`for_cluster`]); in `hoopoe dev` a worker does,
//! and is told what ([`for_dev`]).

pub mod for_cluster;
pub mod for_dev;
mod parts;
