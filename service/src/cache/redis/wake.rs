//! Wake-up messages: a JSON array of `[owner, position]`. It is JSON because an owner may contain any character that
//! could serve as a separator.

use std::collections::BTreeMap;

use super::keys::{Keys, partition};
use crate::{notif::Owner, store::Position};

/// One message for each channel that these changes belong to.
pub(super) fn messages<'a>(
    keys: &Keys,
    changes: impl Iterator<Item = (&'a Owner, Position)>,
) -> impl Iterator<Item = (String, String)> {
    let mut by_partition: BTreeMap<u32, Vec<(&str, Position)>> = BTreeMap::new();
    for (owner, position) in changes {
        by_partition.entry(partition(owner)).or_default().push((owner.as_str(), position));
    }
    by_partition.into_iter().filter_map(|(partition, changes)| {
        // This cannot fail: it holds only texts and numbers.
        let message = serde_json::to_string(&changes).ok()?;
        Some((keys.wake(partition), message))
    })
}

/// Reads a message; `None` if it is not a wake-up message.
pub(super) fn parse(message: &[u8]) -> Option<Vec<(Owner, Position)>> {
    serde_json::from_slice(message).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_owner_survives_the_trip() {
        let keys = Keys::new(uuid::Uuid::nil());
        let position: Position = "1.1763700000-42".parse().unwrap();
        let owners: Vec<Owner> = ["a", "a b", "\"[,]\"", "\\", "ü/🦤:%", "{a}-1.2-3"]
            .iter()
            .map(|text| Owner::parse(text).unwrap())
            .collect();
        let mut read = Vec::new();
        for (channel, message) in messages(&keys, owners.iter().map(|owner| (owner, position))) {
            for (owner, at) in parse(message.as_bytes()).unwrap() {
                assert_eq!(channel, keys.wake(partition(&owner)));
                assert_eq!(at, position);
                read.push(owner);
            }
        }
        read.sort();
        let mut owners = owners;
        owners.sort();
        assert_eq!(read, owners);
        assert_eq!(parse(b"[[\"a\"]]"), None);
    }
}
