//! The fields of one body, each checked, with every fault that was found.

use super::{
    FieldError, Notification, Owner, ParseError,
    depth::depth,
    field::Field,
    identity::{self, Identity},
    limits,
    object::{Entries, Entry},
    value,
};
use crate::timestamp::Timestamp;

/// What a body holds, before its identity is known.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// The sender's id.
    pub(super) id: Option<String>,
    /// The first names that are no field, as the sender wrote them.
    pub(super) unknown: Vec<String>,
    /// How many names are no field.
    pub(super) unknown_count: usize,
    owner: Option<Owner>,
    kind: Option<String>,
    actor: Option<String>,
    title: Option<String>,
    body: Option<String>,
    data: Option<String>,
    priority: Option<u8>,
    created_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    faults: Vec<FieldError>,
}

/// The longest name that a fault repeats.
const NAME_BYTES: usize = 64;

impl Fields {
    /// Reads a body; an error is one of the body as a whole, faults of fields are kept for [`Fields::finish`].
    pub(super) fn read(body: &[u8], limit: usize) -> Result<Self, ParseError> {
        if body.len() > limit {
            return Err(ParseError::TooLarge { size: body.len(), limit });
        }
        let text = std::str::from_utf8(body)
            .map_err(|error| ParseError::NotJson(format!("not UTF-8 from byte {}", error.valid_up_to())))?;
        let deepest = depth(body);
        if deepest > limits::BODY_DEPTH {
            return Err(ParseError::NotJson(format!("nested more than {} deep", limits::BODY_DEPTH)));
        }
        if text.trim_start().bytes().next().is_some_and(|first| first != b'{') {
            return Err(ParseError::NotJson("a notification is a JSON object".to_owned()));
        }
        let entries: Entries<'_> =
            serde_json::from_str(text).map_err(|error| ParseError::NotJson(error.to_string()))?;
        let mut fields = Self {
            unknown: entries.unknown.iter().map(|name| short(name)).collect(),
            unknown_count: entries.unknown_count,
            ..Self::default()
        };
        // The body's own object is one level more.
        let deep = deepest > limits::DATA_DEPTH + 1;
        for Entry { name, field, raw, again } in entries.known {
            if again {
                fields.fault(&name, format!("is given twice (as {}, or by its other name)", field.name()));
                continue;
            }
            // Many serializers write null for what is absent; that of `data` would be read back as null all the same.
            if raw.get() == "null" {
                continue;
            }
            if let Err(detail) = fields.take(field, raw, deep) {
                fields.fault(&name, detail);
            }
        }
        Ok(fields)
    }

    /// Takes one value. `deep`: something in the body is nested deeper than `data` may be, so it has to be measured.
    fn take(&mut self, field: Field, raw: &serde_json::value::RawValue, deep: bool) -> Result<(), String> {
        match field {
            Field::Id => self.id = Some(value::token(raw, &limits::ID_BYTES)?),
            Field::Owner => {
                self.owner = Some(Owner::parse(&value::string(raw)?).map_err(|error| error.to_string())?);
            }
            Field::Kind => self.kind = Some(value::token(raw, &limits::KIND_BYTES)?),
            Field::Actor => self.actor = Some(value::text(raw, &limits::ACTOR_BYTES)?),
            Field::Title => self.title = Some(value::text(raw, &limits::TITLE_BYTES)?),
            Field::Body => self.body = Some(value::text(raw, &limits::BODY_BYTES)?),
            Field::Data => {
                if deep && depth(raw.get().as_bytes()) > limits::DATA_DEPTH {
                    return Err(format!("must be nested at most {} deep", limits::DATA_DEPTH));
                }
                self.data = Some(raw.get().to_owned());
            }
            Field::Priority => self.priority = Some(value::priority(raw)?),
            Field::CreatedAt => self.created_at = Some(value::moment_or_seconds(raw)?),
            Field::ExpiresAt => self.expires_at = Some(value::moment(raw)?),
            Field::IsSeen => {}
        }
        Ok(())
    }

    /// Notes a fault; those beyond [`limits::FAULTS`] are not listed.
    pub(super) fn fault(&mut self, name: &str, detail: String) {
        if self.faults.len() < limits::FAULTS {
            self.faults.push(FieldError { field: short(name), detail });
        }
    }

    fn blames(&self, field: Field) -> bool {
        self.faults.iter().any(|fault| Field::named(&fault.field) == Some(field))
    }

    /// The notification; or every fault. Without a `created_at` it is the time in a UUIDv7 id, else `arrived`.
    pub(super) fn finish(mut self, identity: Identity, arrived: Timestamp) -> Result<Notification, ParseError> {
        for (field, missing) in [(Field::Owner, self.owner.is_none()), (Field::Kind, self.kind.is_none())] {
            if missing && !self.blames(field) {
                self.fault(field.name(), "is required".to_owned());
            }
        }
        let (Some(owner), Some(kind), true) = (self.owner, self.kind, self.faults.is_empty()) else {
            return Err(ParseError::Fields(self.faults));
        };
        let Identity { id, source_id } = identity;
        let created_at = self.created_at.or_else(|| identity::moment(id)).unwrap_or(arrived);
        Ok(Notification {
            owner,
            id,
            source_id,
            kind,
            actor: self.actor.unwrap_or_default(),
            title: self.title.unwrap_or_default(),
            body: self.body.unwrap_or_default(),
            data: self.data,
            priority: self.priority.unwrap_or(0),
            created_at,
            expires_at: self.expires_at,
        })
    }
}

/// A name short enough to repeat in an answer, on one line.
fn short(name: &str) -> String {
    let cut = &name[..name.floor_char_boundary(NAME_BYTES)];
    cut.replace(char::is_control, "?")
}
