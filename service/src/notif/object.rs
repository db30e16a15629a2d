//! Reads a JSON object as a list of its fields, in order, so that a key that is given twice is noticed.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{field::Field, limits::FAULTS};

/// The entries of an object. However many keys a body has (64 KiB can hold ten thousand), the memory is limited by the
/// number of fields and by the number of faults that an answer lists.
#[derive(Default)]
pub(super) struct Entries<'a> {
    /// Each given field, and the first repeats of fields.
    pub(super) known: Vec<Entry<'a>>,
    /// The first unknown names.
    pub(super) unknown: Vec<Cow<'a, str>>,
    /// How many names are unknown.
    pub(super) unknown_count: usize,
    met: [bool; Field::COUNT],
    repeats: usize,
}

/// A field of the object.
pub(super) struct Entry<'a> {
    /// The name as the sender wrote it: an alias stays an alias.
    pub(super) name: Cow<'a, str>,
    pub(super) field: Field,
    pub(super) raw: &'a RawValue,
    /// Whether it was given before, by this name or by its other name.
    pub(super) again: bool,
}

impl<'a> Entries<'a> {
    fn push(&mut self, name: Cow<'a, str>, raw: &'a RawValue) {
        let Some(field) = Field::named(&name) else {
            self.unknown_count += 1;
            if self.unknown.len() < FAULTS {
                self.unknown.push(name);
            }
            return;
        };
        let again = std::mem::replace(&mut self.met[field as usize], true);
        self.repeats += usize::from(again);
        if !again || self.repeats <= FAULTS {
            self.known.push(Entry { name, field, raw, again });
        }
    }
}

/// A key. It is borrowed if it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;

        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
                let mut entries = Entries { known: Vec::with_capacity(Field::COUNT), ..Entries::default() };
                while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                    entries.push(key, value);
                }
                Ok(entries)
            }
        }

        deserializer.deserialize_map(EntriesVisitor)
    }
}
