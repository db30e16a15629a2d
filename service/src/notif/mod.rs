//! `NotifData`: what a sender sends, parsed once, into a [`Notification`] that nobody has to check again.

mod notification;

pub use notification::{Notification, Owner, OwnerError};
