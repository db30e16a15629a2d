//! The cursor: a place in one list of one owner. It is opaque and works only with that list.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::{Uuid, uuid};

use crate::{
    edge::http::Problem,
    notif::Owner,
    store::{Filter, Position},
};

/// The form of the cursor's bytes: version, rev, digest.
const VERSION: u8 = 1;
const DIGEST_BYTES: usize = 8;
/// The namespace of the digests, made for Hoopoe.
const NAMESPACE: Uuid = uuid!("5a6f3bd2-8a55-4f4c-9e2e-6f1d7c8b9a03");

/// The list that a cursor belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor<'a> {
    /// Newest first under these filters.
    Newest {
        /// Only unread rows.
        unread: bool,
        /// The archived rows.
        archived: bool,
        /// Only this kind.
        kind: Option<&'a str>,
    },
    /// What changed since a position.
    Changes(Position),
}

impl<'a> Cursor<'a> {
    /// The list that a filter selects.
    pub fn of(filter: &'a Filter) -> Self {
        match filter {
            Filter::Newest { before: _, unread, archived, kind } => {
                Self::Newest { unread: *unread, archived: *archived, kind: kind.as_deref() }
            }
            Filter::Changes(since) => Self::Changes(since.position),
        }
    }

    /// The text of the cursor that continues after the row of this rev.
    pub fn encode(&self, owner: &Owner, rev: i64) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(rev.to_be_bytes());
        bytes.extend(self.digest(owner, rev));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The rev in the text. `None` if the text is not a cursor of this list.
    pub fn decode(&self, owner: &Owner, text: &str) -> Result<i64, Problem> {
        self.read(owner, text).ok_or_else(|| {
            let detail = "must be the `next` of an answer for the same owner, with the same filters or the same since";
            Problem::bad_parameter("cursor", detail)
        })
    }

    fn read(&self, owner: &Owner, text: &str) -> Option<i64> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (rev, digest) = rest.split_first_chunk::<8>()?;
        let rev = i64::from_be_bytes(*rev);
        (*version == VERSION && rev >= 0 && digest == self.digest(owner, rev)).then_some(rev)
    }

    /// The digest is no secret; it catches mistakes. A forged cursor only leads through a list that the caller may read
    /// anyway.
    fn digest(&self, owner: &Owner, rev: i64) -> [u8; DIGEST_BYTES] {
        let list = match self {
            // The kind comes last, because it is the only part that may contain any character.
            Self::Newest { unread, archived, kind } => {
                format!("n{unread}{archived}{}{}", kind.is_some(), kind.unwrap_or(""))
            }
            Self::Changes(since) => format!("c{since}"),
        };
        let named = Uuid::new_v5(&NAMESPACE, format!("{rev}\0{owner}\0{list}").as_bytes());
        let mut digest = [0; DIGEST_BYTES];
        digest.copy_from_slice(&named.as_bytes()[..DIGEST_BYTES]);
        digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Cursor<'static> = Cursor::Newest { unread: false, archived: false, kind: None };

    #[test]
    fn is_read_back_for_its_own_list_only() {
        let owner = Owner::parse("ada").unwrap();
        let since: Position = "1.5-7".parse().unwrap();
        let lists = [
            ALL,
            Cursor::Newest { unread: true, archived: false, kind: None },
            Cursor::Newest { unread: false, archived: true, kind: None },
            Cursor::Newest { unread: false, archived: false, kind: Some("a") },
            Cursor::Newest { unread: false, archived: false, kind: Some("") },
            Cursor::Changes(since),
            Cursor::Changes("1.5-8".parse().unwrap()),
        ];
        for list in lists {
            let text = list.encode(&owner, 42);
            for other in lists {
                assert_eq!(other.decode(&owner, &text).is_ok(), list == other, "{list:?} {other:?}");
            }
            assert_eq!(list.decode(&owner, &text), Ok(42));
            assert!(list.decode(&Owner::parse("eve").unwrap(), &text).is_err());
        }
    }

    #[test]
    fn garbage_is_refused() {
        let owner = Owner::parse("ada").unwrap();
        let good = ALL.encode(&owner, 42);
        let negative = ALL.encode(&owner, -1);
        let longer = format!("{good}AAAA");
        for bad in ["", "AAAA", "not base64!", &good[1..], &longer, &negative, "🎉"] {
            assert!(ALL.decode(&owner, bad).is_err(), "{bad}");
        }
    }
}
