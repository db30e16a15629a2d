//! The worker roles as processes: what they refuse, what they wait for, what they say.

mod broker;
mod faults;
mod kit;
mod polls;
mod refusals;
mod tls;
