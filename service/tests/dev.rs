//! `hoopoe dev`: the real binary on manifests, registered resources and real servers.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "dev/kit.rs"]
mod kit;
#[path = "dev/manifests.rs"]
mod manifests;
#[path = "dev/people.rs"]
mod people;
#[path = "dev/ports.rs"]
mod ports;
#[path = "dev/real_parts.rs"]
mod real_parts;
#[path = "dev/register.rs"]
mod register;
#[path = "dev/survival.rs"]
mod survival;
#[path = "dev/traces.rs"]
mod traces;
