//! The consumer on real brokers and stores: crash loops, poison, outages, drains.

mod crash_loop;
mod crashing_store;
mod drain;
mod harness;
mod outage;
mod poison;
