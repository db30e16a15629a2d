//! The limits of a notification's fields. Lengths are bytes of UTF-8.

/// `id`.
pub const ID_BYTES: std::ops::RangeInclusive<usize> = 1..=255;
/// `kind`.
pub const KIND_BYTES: std::ops::RangeInclusive<usize> = 1..=64;
/// `actor`.
pub const ACTOR_BYTES: std::ops::RangeInclusive<usize> = 0..=190;
/// `title`.
pub const TITLE_BYTES: std::ops::RangeInclusive<usize> = 0..=512;
/// `body`.
pub const BODY_BYTES: std::ops::RangeInclusive<usize> = 0..=32_768;
/// `priority`.
pub const PRIORITY: std::ops::RangeInclusive<u8> = 0..=9;
/// How deep arrays and objects of `data` may nest.
pub const DATA_DEPTH: usize = 128;
/// How deep a whole body may nest, whatever its fields: nothing is parsed beyond. What lies between the two limits is a fault of
/// `data` by name, or of a field of the wrong type, or an unknown field.
pub const BODY_DEPTH: usize = 1_024;
/// How much larger a message from AMQP may be than what a producer takes: the id and time that a producer adds, and the longer
/// escapes of a sender's text. A text is written with the shortest escapes, so it never grows.
pub const ADDED_BY_PRODUCER: usize = 4_096;
/// The most faults that one answer lists.
pub const FAULTS: usize = 20;
