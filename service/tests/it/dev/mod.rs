//! `hoopoe dev`: the real binary on manifests, registered resources and real servers.

mod kit;
mod manifests;
mod people;
mod ports;
mod real_parts;
mod register;
mod survival;
mod traces;
