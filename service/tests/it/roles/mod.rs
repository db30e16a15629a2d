//! Each role as a process: what it refuses, what it waits for, and what it reports.

mod broker;
mod faults;
mod kit;
mod polls;
mod refusals;
mod tls;
