//! The whole pipeline, as processes of the real binary between real servers, while things are killed, cut off and frozen under load.
//! `HOOPOE_PIPELINE=redis` runs only the scenarios whose name contains that.

mod load;
mod scenarios;
mod stack;
mod worker;
