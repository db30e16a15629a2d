//! The fields of a notification, and the names they go by.

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
    pub(super) const COUNT: usize = 11;

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
