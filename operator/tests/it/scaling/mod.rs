//! The scaler's decision, on plain data: properties that hold for every history, and load shapes replayed in a
//! simulation.

// A simulation counts in floating point, far below 2^53.
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod drawing;
mod properties;
mod random;
mod replay;
mod shapes;
mod simulation;
