//! The whole pipeline: processes of the real binary between real servers, which are killed, disconnected and frozen
//! under load. `HOOPOE_PIPELINE=redis` runs only the scenarios whose name contains `redis`.

mod load;
mod scenarios;
mod stack;
mod worker;
