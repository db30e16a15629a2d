//! The fields that a sender may give: their names, their types, and what becomes of each.

use serde_json::value::RawValue;

use super::{Content, Json, Owner, depth::depth, limits, value};
use crate::timestamp::Timestamp;

/// A field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Id,
    Owner,
    Kind,
    Actor,
    Title,
    Body,
    Data,
    Priority,
    CreatedAt,
    ExpiresAt,
    /// Of the original service: taken and ignored.
    IsSeen,
}

impl Field {
    /// How many there are.
    pub(super) const COUNT: usize = Self::IsSeen as usize + 1;

    /// The field of this name, or of this name in the original service.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "id" => Self::Id,
            "owner" | "receiver_info" => Self::Owner,
            "kind" | "action_type" => Self::Kind,
            "actor" | "actioner_info" => Self::Actor,
            "title" => Self::Title,
            "body" => Self::Body,
            "data" | "action_data" => Self::Data,
            "priority" => Self::Priority,
            "created_at" | "fired_at" => Self::CreatedAt,
            "expires_at" => Self::ExpiresAt,
            "is_seen" => Self::IsSeen,
            _ => return None,
        })
    }

    /// Its canonical name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Owner => "owner",
            Self::Kind => "kind",
            Self::Actor => "actor",
            Self::Title => "title",
            Self::Body => "body",
            Self::Data => "data",
            Self::Priority => "priority",
            Self::CreatedAt => "created_at",
            Self::ExpiresAt => "expires_at",
            Self::IsSeen => "is_seen",
        }
    }
}

/// The fields that a body gives, each within its limits.
#[derive(Debug, Default)]
pub(super) struct NotifData {
    pub(super) id: Option<String>,
    pub(super) owner: Option<Owner>,
    kind: Option<String>,
    actor: Option<String>,
    title: Option<String>,
    body: Option<String>,
    data: Option<Json>,
    priority: Option<u8>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) expires_at: Option<Timestamp>,
}

impl NotifData {
    /// Takes one value, or says what is wrong with it. `deep`: something in the body is nested deeper than `data` may
    /// be, so `data` has to be measured.
    pub(super) fn take(&mut self, field: Field, raw: &RawValue, deep: bool) -> Result<(), String> {
        match field {
            Field::Id => self.id = Some(value::token(raw, &limits::ID_BYTES)?),
            Field::Owner => {
                self.owner = Some(Owner::parse(&value::string(raw)?).map_err(|error| error.to_string())?);
            }
            Field::Kind => self.kind = Some(value::token(raw, &Content::KIND_BYTES)?),
            Field::Actor => self.actor = Some(value::text(raw, &Content::ACTOR_BYTES)?),
            Field::Title => self.title = Some(value::text(raw, &Content::TITLE_BYTES)?),
            Field::Body => self.body = Some(value::text(raw, &Content::BODY_BYTES)?),
            Field::Data => {
                if deep && depth(raw.get().as_bytes()) > Content::DATA_DEPTH {
                    return Err(format!("must be nested at most {} deep", Content::DATA_DEPTH));
                }
                self.data = Some(Json::from(raw));
            }
            Field::Priority => self.priority = Some(value::priority(raw, &Content::PRIORITY)?),
            Field::CreatedAt => self.created_at = Some(value::moment_or_seconds(raw)?),
            Field::ExpiresAt => self.expires_at = Some(value::moment(raw)?),
            Field::IsSeen => {}
        }
        Ok(())
    }

    /// The fields that every notification has, and whether each was given.
    pub(super) fn required(&self) -> [(Field, bool); 2] {
        [(Field::Owner, self.owner.is_some()), (Field::Kind, self.kind.is_some())]
    }

    /// The content; `None`: a required field of it was not given.
    pub(super) fn content(self) -> Option<Content> {
        let Self { id: _, owner: _, kind, actor, title, body, data, priority, created_at: _, expires_at: _ } = self;
        Some(Content {
            kind: kind?,
            actor: actor.unwrap_or_default(),
            title: title.unwrap_or_default(),
            body: body.unwrap_or_default(),
            data,
            priority: priority.unwrap_or_default(),
        })
    }
}
