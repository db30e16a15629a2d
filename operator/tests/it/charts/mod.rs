//! The Helm charts on a real API server: what they render is taken, and what they grant is enough and no more.

mod kit;

mod grants;
mod least_rights;
mod release;
mod rights;
mod server_side;
