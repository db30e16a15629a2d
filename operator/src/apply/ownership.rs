//! Who owns an object. Pure.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta, OwnerReference};

use super::FIELD_MANAGER;
use crate::resource::Meta;

/// Who owns an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// This resource.
    Ours,
    /// An earlier resource of the same name. The garbage collector will remove the object with it.
    LeftOver,
    /// Another controller, or none.
    Foreign,
}

/// `sent`: the uid of the object that we made under this name. An object that we made stays ours if only its owner
/// reference was removed.
pub(super) fn standing(live: &ObjectMeta, owner: &Meta, sent: Option<&str>) -> Standing {
    let controller = live.owner_references.iter().flatten().find(|reference| reference.controller == Some(true));
    match controller {
        Some(OwnerReference { uid, .. }) if *uid == owner.uid => Standing::Ours,
        Some(OwnerReference { kind, name, .. }) if kind == owner.id.kind.as_str() && *name == owner.id.name => {
            Standing::LeftOver
        }
        None if sent.is_some() && sent == live.uid.as_deref() => Standing::Ours,
        Some(_) | None => Standing::Foreign,
    }
}

/// When to write the count of a Deployment under a field manager of its own, before it is left to an autoscaler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handover {
    /// Never: another manager has written it already.
    Done,
    /// Before we leave it out: if its only manager left it out, the API server would set it to 1.
    Before,
    /// After the Deployment was made: a count alone does not make one.
    After,
}

/// `live`: the Deployment; `None`: there is none.
pub(super) fn handover(live: Option<&ObjectMeta>) -> Handover {
    let Some(live) = live else { return Handover::After };
    let mut counting = live.managed_fields.iter().flatten().filter(|entry| manages_count(entry)).peekable();
    // No manager holds the count, because the operator stopped between the two writes.
    let nobody = counting.peek().is_none();
    let ours = |entry: &ManagedFieldsEntry| {
        entry.manager.as_deref() == Some(FIELD_MANAGER) && entry.operation.as_deref() == Some("Apply")
    };
    if nobody || counting.any(ours) { Handover::Before } else { Handover::Done }
}

fn manages_count(entry: &ManagedFieldsEntry) -> bool {
    entry.fields_v1.as_ref().is_some_and(|fields| fields.0["f:spec"].get("f:replicas").is_some())
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::FieldsV1;
    use serde_json::json;

    use super::*;
    use crate::desired::fixtures::minimal_producer;

    fn owned(kind: &str, name: &str, uid: &str, controller: bool) -> ObjectMeta {
        let reference = OwnerReference {
            kind: kind.to_owned(),
            name: name.to_owned(),
            uid: uid.to_owned(),
            controller: Some(controller),
            ..OwnerReference::default()
        };
        ObjectMeta { owner_references: Some(vec![reference]), uid: Some("object".to_owned()), ..ObjectMeta::default() }
    }

    #[test]
    fn only_our_controller_reference_makes_it_ours() {
        let (owner, _) = minimal_producer();
        let of = |live: &ObjectMeta| standing(live, &owner, None);
        assert_eq!(of(&owned("NotifProducer", "orders", &owner.uid, true)), Standing::Ours);
        assert_eq!(of(&owned("NotifProducer", "orders", &owner.uid, false)), Standing::Foreign);
        assert_eq!(of(&owned("NotifProducer", "orders", "earlier", true)), Standing::LeftOver);
        assert_eq!(of(&owned("NotifConsumer", "orders", "other", true)), Standing::Foreign);
        assert_eq!(of(&ObjectMeta::default()), Standing::Foreign);
    }

    #[test]
    fn what_we_made_stays_ours_without_an_owner_but_not_with_another() {
        let (owner, _) = minimal_producer();
        let disowned = ObjectMeta { uid: Some("object".to_owned()), ..ObjectMeta::default() };
        assert_eq!(standing(&disowned, &owner, Some("object")), Standing::Ours);
        assert_eq!(standing(&disowned, &owner, Some("another")), Standing::Foreign);
        assert_eq!(standing(&owned("Deployment", "x", "y", true), &owner, Some("object")), Standing::Foreign);
    }

    fn managed(entries: &[(&str, &str, bool)]) -> ObjectMeta {
        let entry = |(manager, operation, count): &(&str, &str, bool)| ManagedFieldsEntry {
            manager: Some((*manager).to_owned()),
            operation: Some((*operation).to_owned()),
            fields_v1: Some(FieldsV1(if *count {
                json!({"f:spec": {"f:replicas": {}}})
            } else {
                json!({"f:spec": {"f:paused": {}}})
            })),
            ..ManagedFieldsEntry::default()
        };
        ObjectMeta { managed_fields: Some(entries.iter().map(entry).collect()), ..ObjectMeta::default() }
    }

    #[test]
    fn the_count_is_handed_over_once() {
        assert_eq!(handover(None), Handover::After);
        assert_eq!(handover(Some(&managed(&[(FIELD_MANAGER, "Apply", true)]))), Handover::Before);
        assert_eq!(handover(Some(&managed(&[(FIELD_MANAGER, "Apply", false)]))), Handover::Before);
        let both = managed(&[(FIELD_MANAGER, "Apply", true), ("kube-controller-manager", "Update", true)]);
        assert_eq!(handover(Some(&both)), Handover::Before);
        let scaled = managed(&[(FIELD_MANAGER, "Apply", false), ("kube-controller-manager", "Update", true)]);
        assert_eq!(handover(Some(&scaled)), Handover::Done);
        let initial =
            managed(&[(FIELD_MANAGER, "Apply", false), (super::super::INITIAL_REPLICAS_MANAGER, "Apply", true)]);
        assert_eq!(handover(Some(&initial)), Handover::Done);
    }
}
