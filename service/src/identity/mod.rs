//! Who is asking, and what the caller may do. It knows no protocol: an edge reads the credentials and passes them on.
//!
//! A [`Verifier`] turns credentials into a [`Caller`]. A caller turns an owner into a proof, [`Readable`] or
//! [`Writable`], and proves by [`MayPublish`] that it may send. Code that needs a permission takes the proof as an
//! argument, so code that forgets to ask for it does not compile.

mod anonymous;
mod caller;
mod credentials;
mod grant;
mod verifier;

pub use anonymous::Anonymous;
pub use caller::Caller;
pub use credentials::Credentials;
pub use grant::{Denied, MayPublish, Readable, Writable};
pub use verifier::{Verification, Verifier, VerifyError};
