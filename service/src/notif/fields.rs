//! Reads the fields of one body, checks each, and collects every fault.

use super::{
    Content, FieldError, Notification, ParseError,
    depth::depth,
    field::{Field, NotifData},
    identity::{self, Identity},
    limits,
    object::{Entries, Entry},
};
use crate::timestamp::Timestamp;

/// The fields of a body, before its identity is known.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// The given fields.
    pub(super) given: NotifData,
    /// The first unknown names, as the sender wrote them.
    pub(super) unknown: Vec<String>,
    /// How many names are unknown.
    pub(super) unknown_count: usize,
    faults: Vec<FieldError>,
}

/// The most bytes of a name that a fault repeats.
const NAME_BYTES: usize = 64;

impl Fields {
    /// Reads a body. An error concerns the body as a whole; faults of fields are kept for [`Fields::finish`].
    pub(super) fn read(body: &[u8], limit: usize) -> Result<Self, ParseError> {
        if body.len() > limit {
            return Err(ParseError::TooLarge { size: body.len(), limit });
        }
        let text = std::str::from_utf8(body)
            .map_err(|error| ParseError::NotJson(format!("it is not UTF-8 from byte {} on", error.valid_up_to())))?;
        let deepest = depth(body);
        if deepest > limits::BODY_DEPTH {
            return Err(ParseError::NotJson(format!("it is nested more than {} levels deep", limits::BODY_DEPTH)));
        }
        if text.trim_start().bytes().next().is_some_and(|first| first != b'{') {
            return Err(ParseError::NotJson("a notification must be a JSON object".to_owned()));
        }
        let entries: Entries<'_> =
            serde_json::from_str(text).map_err(|error| ParseError::NotJson(error.to_string()))?;
        let mut fields = Self {
            unknown: entries.unknown.iter().map(|name| short(name)).collect(),
            unknown_count: entries.unknown_count,
            ..Self::default()
        };
        // The body's own object is one level more.
        let deep = deepest > Content::DATA_DEPTH + 1;
        for Entry { name, field, raw, again } in entries.known {
            if again {
                fields.fault(&name, format!("must be given at most once: it is the field {}", field.name()));
                continue;
            }
            // Many serializers write null for an absent field, so null counts as absent. A null in `data` would be read
            // back as null anyway.
            if raw.get() == "null" {
                continue;
            }
            if let Err(detail) = fields.given.take(field, raw, deep) {
                fields.fault(&name, detail);
            }
        }
        Ok(fields)
    }

    /// Adds a fault. Faults beyond [`limits::FAULTS`] are not listed.
    pub(super) fn fault(&mut self, name: &str, detail: String) {
        if self.faults.len() < limits::FAULTS {
            self.faults.push(FieldError { field: short(name), detail });
        }
    }

    fn blames(&self, field: Field) -> bool {
        self.faults.iter().any(|fault| Field::named(&fault.field) == Some(field))
    }

    /// The notification, or every fault. Without a `created_at`, the time is that in a UUIDv7 id, else `arrived`.
    pub(super) fn finish(mut self, identity: Identity, arrived: Timestamp) -> Result<Notification, ParseError> {
        for (field, given) in self.given.required() {
            if !given && !self.blames(field) {
                self.fault(field.name(), "is required".to_owned());
            }
        }
        let Self { given: mut data, unknown: _, unknown_count: _, faults } = self;
        let Identity { id, source_id } = identity;
        let created_at = data.created_at.or_else(|| identity::moment(id)).unwrap_or(arrived);
        let expires_at = data.expires_at;
        match (data.owner.take(), data.content()) {
            (Some(owner), Some(content)) if faults.is_empty() => {
                Ok(Notification { owner, id, source_id, content, created_at, expires_at })
            }
            _ => Err(ParseError::Fields(faults)),
        }
    }
}

/// A name in a form that an answer can repeat: short and on one line.
fn short(name: &str) -> String {
    let cut = &name[..name.floor_char_boundary(NAME_BYTES)];
    cut.replace(char::is_control, "?")
}
