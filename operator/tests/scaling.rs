//! The scaler's decision, on plain data: properties that hold for every history, and load shapes replayed in a simulation.

mod scaling {
    mod drawing;
    mod properties;
    mod random;
    mod replay;
    mod shapes;
    mod simulation;
}
