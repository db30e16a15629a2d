//! The fields that a sender may give: their names, their types, and how each value is read.

use serde_json::value::RawValue;

use super::{Content, Json, Owner, depth::depth, limits, value};
use crate::timestamp::Timestamp;

/// A field that a sender may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The identity together with the owner: [`limits::ID_BYTES`].
    Id,
    /// Which inbox it goes to: an [`Owner`].
    Owner,
    /// What happened: [`Content::KIND_BYTES`].
    Kind,
    /// Who caused it: [`Content::ACTOR_BYTES`].
    Actor,
    /// A short text: [`Content::TITLE_BYTES`].
    Title,
    /// A long text: [`Content::BODY_BYTES`].
    Body,
    /// Any JSON: [`Content::DATA_DEPTH`].
    Data,
    /// How urgent it is: [`Content::PRIORITY`].
    Priority,
    /// When it happened: RFC 3339 or Unix seconds.
    CreatedAt,
    /// After which moment it is not shown any more: RFC 3339.
    ExpiresAt,
    /// A field of the original service. It is accepted and ignored.
    IsSeen,
}

impl Field {
    /// How many fields there are.
    pub(super) const COUNT: usize = Self::IsSeen as usize + 1;

    /// Every field.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Id,
        Self::Owner,
        Self::Kind,
        Self::Actor,
        Self::Title,
        Self::Body,
        Self::Data,
        Self::Priority,
        Self::CreatedAt,
        Self::ExpiresAt,
        Self::IsSeen,
    ];

    /// The fields that every notification has.
    pub const REQUIRED: [Self; 2] = [Self::Owner, Self::Kind];

    /// The field with this name, or with this name in the original service.
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

    /// Its own name, not the one of the original service.
    pub fn name(self) -> &'static str {
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
    /// Takes one value, or returns what is wrong with it. `deep` says that something in the body is nested deeper than
    /// `data` may be, so the depth of `data` has to be measured.
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
                    return Err(format!("must be nested at most {} levels deep", Content::DATA_DEPTH));
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

    /// The [required](Field::REQUIRED) fields, and whether each was given.
    pub(super) fn required(&self) -> [(Field, bool); 2] {
        let [owner, kind] = Field::REQUIRED;
        [(owner, self.owner.is_some()), (kind, self.kind.is_some())]
    }

    /// The content. `None` if a required field of it was not given.
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
