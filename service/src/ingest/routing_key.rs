//! The routing key: a template over the notification's fields, rendered so that no sender can forge a word of the key.

use std::fmt::Write;

use crate::notif::{FieldError, Notification};

/// The most bytes that AMQP takes as a routing key.
const MAX_BYTES: usize = 255;

/// A parsed template such as `{kind}.{owner}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutingKey(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Field(Field),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Kind,
    Owner,
    Actor,
}

/// Why a text is not a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A name in braces is not a field.
    #[error("may use only {{kind}}, {{owner}} and {{actor}}, but uses {{{0}}}")]
    UnknownField(String),
    /// A brace without its other half.
    #[error("has an unmatched brace: write a field as {{kind}}, {{owner}} or {{actor}}")]
    Brace,
    /// The text outside the braces alone is over the limit.
    #[error("has {0} bytes outside the braces: the limit of a routing key is 255")]
    TooLong(usize),
}

impl RoutingKey {
    /// Parses a template.
    pub fn parse(template: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut literal_bytes = 0;
        let mut rest = template;
        while !rest.is_empty() {
            let open = rest.find('{').unwrap_or(rest.len());
            let (literal, tail) = rest.split_at(open);
            if literal.contains('}') {
                return Err(TemplateError::Brace);
            }
            if !literal.is_empty() {
                literal_bytes += literal.len();
                pieces.push(Piece::Literal(literal.to_owned()));
            }
            rest = tail;
            if let Some(inside) = tail.strip_prefix('{') {
                let (name, tail) = inside.split_once('}').ok_or(TemplateError::Brace)?;
                pieces.push(Piece::Field(match name {
                    "kind" => Field::Kind,
                    "owner" => Field::Owner,
                    "actor" => Field::Actor,
                    _ => return Err(TemplateError::UnknownField(name.to_owned())),
                }));
                rest = tail;
            }
        }
        if literal_bytes > MAX_BYTES {
            return Err(TemplateError::TooLong(literal_bytes));
        }
        Ok(Self(pieces))
    }

    /// The key of a notification. If it has over 255 bytes, the field that takes most of them is at fault.
    pub fn render(&self, notification: &Notification) -> Result<String, FieldError> {
        let mut key = String::new();
        let mut longest = ("kind", 0);
        for piece in &self.0 {
            let before = key.len();
            let name = match piece {
                Piece::Literal(text) => {
                    key.push_str(text);
                    continue;
                }
                Piece::Field(Field::Kind) => {
                    escape(&mut key, &notification.content.kind, false);
                    "kind"
                }
                Piece::Field(Field::Owner) => {
                    escape(&mut key, notification.owner.as_str(), true);
                    "owner"
                }
                Piece::Field(Field::Actor) => {
                    escape(&mut key, &notification.content.actor, true);
                    "actor"
                }
            };
            if key.len() - before > longest.1 {
                longest = (name, key.len() - before);
            }
        }
        if key.len() > MAX_BYTES {
            let detail = format!("makes a routing key of {} bytes: {MAX_BYTES} is the limit", key.len());
            return Err(FieldError { field: longest.0.to_owned(), detail });
        }
        Ok(key)
    }
}

/// Escapes `*`, `#` and `%`, which bindings or this escape give a meaning. A dot separates words, so only a kind keeps
/// its dots.
fn escape(key: &mut String, text: &str, dots: bool) {
    for character in text.chars() {
        match character {
            '*' | '#' | '%' => write!(key, "%{:02X}", u32::from(character)).unwrap_or_default(),
            '.' if dots => key.push_str("%2E"),
            _ => key.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        notif::{Content, Owner},
        timestamp::Timestamp,
    };

    fn notification(kind: &str, owner: &str, actor: &str) -> Notification {
        Notification {
            owner: Owner::parse(owner).unwrap(),
            id: uuid::Uuid::nil(),
            source_id: None,
            content: Content { kind: kind.to_owned(), actor: actor.to_owned(), ..Content::default() },
            created_at: Timestamp::EARLIEST,
            expires_at: None,
        }
    }

    #[test]
    fn a_sender_cannot_forge_a_word() {
        let key = RoutingKey::parse("n.{kind}.{owner}.{actor}!").unwrap();
        let rendered = key.render(&notification("order.#*%", "a.b#c*d%e", "x")).unwrap();
        assert_eq!(rendered, "n.order.%23%2A%25.a%2Eb%23c%2Ad%25e.x!");
    }

    #[test]
    fn a_key_over_its_limit_is_the_longest_field_s_fault() {
        let key = RoutingKey::parse("{kind}.{owner}").unwrap();
        let fits = notification(&"k".repeat(64), &"o".repeat(190), "");
        assert_eq!(key.render(&fits).unwrap().len(), 255);
        let over = notification(&"k".repeat(64), &format!("{}.", "o".repeat(189)), "");
        assert_eq!(key.render(&over).unwrap_err().field, "owner");
    }

    #[test]
    fn a_template_is_checked_at_the_start() {
        assert_eq!(RoutingKey::parse("{to}"), Err(TemplateError::UnknownField("to".to_owned())));
        for bad in ["{kind", "kind}", "a{", "}{kind}"] {
            assert_eq!(RoutingKey::parse(bad), Err(TemplateError::Brace), "{bad}");
        }
        assert_eq!(RoutingKey::parse(&"x".repeat(256)), Err(TemplateError::TooLong(256)));
        assert_eq!(RoutingKey::parse("").unwrap().render(&notification("k", "o", "")).unwrap(), "");
    }
}
