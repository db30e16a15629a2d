//! Step 6: the status of a resource, computed from what the steps before it found. Pure.
