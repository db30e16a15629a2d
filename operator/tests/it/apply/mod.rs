//! Apply on a real API server.

mod autoscaler;
mod drift;
mod orphans;
mod ownership;
mod pod_security;
mod pod_template;
mod refusals;
mod stand;
