//! The limits of a body as a whole, and of the fields that are not content. Lengths are bytes of UTF-8. The limits of
//! the content are in [`super::Content`].

/// `id`.
pub const ID_BYTES: std::ops::RangeInclusive<usize> = 1..=255;
/// How deep a whole body may nest; a deeper one is not parsed. A body between this limit and the limit of `data` gets a
/// fault that names `data`, a field of the wrong type, or an unknown field.
pub const BODY_DEPTH: usize = 1_024;
/// How much larger a message from AMQP may be than a body that a producer takes. The difference covers the id and the
/// time that a producer adds, and longer escapes in a sender's text. A producer writes a text with the shortest
/// escapes, so the text itself never grows.
pub const ADDED_BY_PRODUCER: usize = 4_096;
/// The most faults that one answer lists.
pub const FAULTS: usize = 20;
