//! The identity of a notification: a UUID that both ends of the queue derive in the same way.

use uuid::{Uuid, Variant, Version};

use crate::timestamp::Timestamp;

/// Our namespace for UUIDv5, made once at random. Changing it would make every repeat of a text id a new notification.
const NAMESPACE: Uuid = Uuid::from_u128(0x7d1f_6a52_93c4_4e0b_8f5e_2a61_b0c7_94d3);

/// The id of a notification, from what its sender wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// The UUID, which is the key.
    pub(super) id: Uuid,
    /// The sender's text, if it was not a UUID.
    pub(super) source_id: Option<String>,
}

/// The identity from a sender's own id. A UUID in its usual form (36 characters with hyphens, upper or lower case) is
/// kept; any other text becomes a UUIDv5 over exchange and text.
pub(super) fn of_text(exchange: &str, text: String) -> Identity {
    match hyphenated(&text) {
        Some(id) => Identity { id, source_id: None },
        None => Identity { id: derived(exchange, text.as_bytes()), source_id: Some(text) },
    }
}

/// The identity from an `Idempotency-Key` and the place in a batch. Two senders to one exchange share its keys.
pub(super) fn of_key(exchange: &str, key: &str, item: Option<usize>) -> Uuid {
    match item {
        Some(item) => derived(exchange, format!("{key}#{item}").as_bytes()),
        None => derived(exchange, key.as_bytes()),
    }
}

/// The identity of a message without any id: from its bytes and its timestamp. It is never a new random id, because
/// then each redelivery would be a new notification.
pub(super) fn of_bytes(body: &[u8], timestamp: Option<Timestamp>) -> Uuid {
    let mut name = Vec::with_capacity(body.len() + 8);
    name.extend_from_slice(&timestamp.map_or(0, Timestamp::micros).to_be_bytes());
    name.extend_from_slice(body);
    Uuid::new_v5(&NAMESPACE, &name)
}

/// The time in a UUIDv7, if it is a UUIDv7 and a notification may carry that time.
pub(super) fn moment(id: Uuid) -> Option<Timestamp> {
    if id.get_version() != Some(Version::SortRand) || id.get_variant() != Variant::RFC4122 {
        return None;
    }
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    let micros = i64::try_from(seconds).ok()?.checked_mul(1_000_000)?.checked_add(i64::from(nanos / 1_000))?;
    let moment = Timestamp::from_micros(micros);
    (moment <= Timestamp::LATEST).then_some(moment)
}

fn derived(exchange: &str, text: &[u8]) -> Uuid {
    let mut name = Vec::with_capacity(exchange.len() + 1 + text.len());
    name.extend_from_slice(exchange.as_bytes());
    name.push(0);
    name.extend_from_slice(text);
    Uuid::new_v5(&NAMESPACE, &name)
}

/// The other forms that the crate reads (without hyphens, in braces, as a URN) count as texts: 32 hex digits may well
/// be a hash.
fn hyphenated(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_itself_and_a_text_depends_on_its_exchange() {
        let id = Uuid::now_v7();
        let upper = of_text("a", id.to_string().to_uppercase());
        assert_eq!(upper, Identity { id, source_id: None });
        let simple = of_text("a", id.simple().to_string());
        assert_ne!(simple.id, id);
        assert_eq!(simple.source_id, Some(id.simple().to_string()));
        assert_ne!(of_text("a", "x".to_owned()).id, of_text("b", "x".to_owned()).id);
        // Exchange and text are separated, so that "ab" + "c" differs from "a" + "bc".
        assert_ne!(of_text("ab", "c".to_owned()).id, of_text("a", "bc".to_owned()).id);
    }

    /// UUIDv5 of our namespace over `shop.events`, NUL, `order-1`, computed by another implementation.
    const STABLE_TEXT: &str = "49450bc9-9a3d-5f8f-877c-4ba0fe0cede1";

    /// Stored notifications depend on these values, so they must never change.
    #[test]
    fn derived_ids_stay_what_they_are() {
        assert_eq!(of_text("shop.events", "order-1".to_owned()).id.to_string(), STABLE_TEXT);
        assert_eq!(of_key("shop.events", "order-1", None).to_string(), STABLE_TEXT);
        assert_eq!(of_key("shop.events", "key", Some(3)), of_text("shop.events", "key#3".to_owned()).id);
    }

    #[test]
    fn only_a_uuid_v7_holds_a_moment() {
        let id = Uuid::parse_str("01932c07-209c-7d3a-8000-000000000000").unwrap();
        assert_eq!(moment(id).map(Timestamp::micros), Some(1_731_610_484_892_000));
        assert_eq!(moment(Uuid::new_v4()), None);
        assert_eq!(moment(Uuid::max()), None);
        let far = Uuid::parse_str("ffffffff-ffff-7d3a-8000-000000000000").unwrap();
        assert_eq!(moment(far), None);
    }
}
