//! Step 4: what a resource wants of its broker, what is there, and the difference. Pure but for `sync`, which writes it.
