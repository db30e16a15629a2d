//! The limits of a body as a whole, and of the fields beside the content. Lengths are bytes of UTF-8.
//! The content's own limits stand beside its fields, in [`super::Content`].

/// `id`.
pub const ID_BYTES: std::ops::RangeInclusive<usize> = 1..=255;
/// How deep a whole body may nest, whatever its fields: nothing is parsed beyond. A body between this and the limit of
/// `data` has a fault of `data` by name, a field of the wrong type, or an unknown field.
pub const BODY_DEPTH: usize = 1_024;
/// How much larger a message from AMQP may be than what a producer takes: the id and time that a producer adds, and the
/// longer escapes of a sender's text. A text is written with the shortest escapes, so it never grows.
pub const ADDED_BY_PRODUCER: usize = 4_096;
/// The most faults that one answer lists.
pub const FAULTS: usize = 20;
