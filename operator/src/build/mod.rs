//! Step 3: from a validated resource to the Kubernetes objects that it needs. Pure.

mod child;
mod platform;

pub use child::{Child, ChildKind};
pub use platform::Platform;
