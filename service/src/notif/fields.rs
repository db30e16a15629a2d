//! The fields of one body, each checked, with every fault that was found.

use super::{
    FieldError, Notification, Owner, ParseError,
    depth::depth,
    field::Field,
    identity::{self, Identity},
    limits,
    object::Entries,
    value,
};
use crate::timestamp::Timestamp;

/// What a body holds, before its identity is known.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// The sender's id.
    pub(super) id: Option<String>,
    /// Names that are no field, as the sender wrote them.
    pub(super) unknown: Vec<String>,
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
        // The body's own object is one level more.
        if depth(body) > limits::DATA_DEPTH + 1 {
            return Err(ParseError::NotJson(format!("data is nested more than {} deep", limits::DATA_DEPTH)));
        }
        if text.trim_start().bytes().next().is_some_and(|first| first != b'{') {
            return Err(ParseError::NotJson("a notification is a JSON object".to_owned()));
        }
        let Entries(entries) = serde_json::from_str(text).map_err(|error| ParseError::NotJson(error.to_string()))?;
        let mut fields = Self::default();
        let mut met = [false; Field::COUNT];
        for (name, raw) in entries {
            let Some(field) = Field::named(&name) else {
                fields.unknown.push(short(&name).to_owned());
                continue;
            };
            if std::mem::replace(&mut met[field as usize], true) {
                fields.fault(&name, format!("is given twice (as {}, or by its other name)", field.name()));
                continue;
            }
            // Many serializers write null for what is absent.
            if raw.get() == "null" {
                continue;
            }
            if let Err(detail) = fields.take(field, raw) {
                fields.fault(&name, detail);
            }
        }
        Ok(fields)
    }

    fn take(&mut self, field: Field, raw: &serde_json::value::RawValue) -> Result<(), String> {
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
                if depth(raw.get().as_bytes()) > limits::DATA_DEPTH {
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
            self.faults.push(FieldError { field: short(name).to_owned(), detail });
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

/// A name short enough to repeat in an answer.
fn short(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME_BYTES)]
}
