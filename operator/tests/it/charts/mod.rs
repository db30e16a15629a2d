//! The Helm charts on a real API server: it accepts what they render, and the rights that they grant are enough and no
//! more.

mod kit;

mod grants;
mod least_rights;
mod release;
mod rights;
mod server_side;
