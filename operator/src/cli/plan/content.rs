//! What a plan says of each resource. Its two printed forms are in `text` and `markdown`.

use crate::resource::ResourceId;

/// What manifests would change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order of the files.
    pub resources: Vec<ResourcePlan>,
}

/// What one manifest would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourcePlan {
    /// Which resource.
    pub id: ResourceId,
    /// What becomes of the resource itself.
    pub verdict: SpecVerdict,
    /// The objects that change.
    pub children: Vec<ChildChange>,
    /// The pods that start, stop or roll, a sentence each.
    pub pods: Vec<String>,
    /// The broker's objects.
    pub topology: TopologyPlan,
    /// What would be lost, a sentence each.
    pub losses: Vec<String>,
    /// What else is to be known, a sentence each.
    pub notes: Vec<String>,
}

/// What becomes of the resource itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecVerdict {
    /// It is not taken, by the API server or by the operator; why.
    Refused(String),
    /// It is new.
    Created,
    /// These fields of its spec change.
    Changed(Vec<FieldChange>),
    /// Nothing of its spec changes.
    Unchanged,
}

/// A field that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Its path, e.g. `spec.queue.policy.maxLength`.
    pub path: String,
    /// What it is now; `None`: it is not there.
    pub from: Option<String>,
    /// What it becomes; `None`: it goes.
    pub to: Option<String>,
}

/// An object of ours that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildChange {
    /// Its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub becomes: Becomes,
}

/// What becomes of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// It is made.
    Created,
    /// These paths in it change.
    Changed(Vec<String>),
    /// It goes.
    Removed,
}

/// What becomes of the broker's objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopologyPlan {
    /// The broker could not be asked; why.
    Unknown(String),
    /// It was.
    Known {
        /// The writes, in their order, a sentence each.
        changes: Vec<String>,
        /// What no write of ours mends, a sentence each.
        findings: Vec<String>,
    },
}

impl Plan {
    /// Whether a manifest would not be taken.
    pub fn is_refused(&self) -> bool {
        self.resources.iter().any(|resource| matches!(resource.verdict, SpecVerdict::Refused(_)))
    }
}

impl ResourcePlan {
    /// A plan of which only the resource and its verdict are known yet.
    pub(super) fn new(id: ResourceId, verdict: SpecVerdict) -> Self {
        Self {
            id,
            verdict,
            children: Vec::new(),
            pods: Vec::new(),
            topology: TopologyPlan::Known { changes: Vec::new(), findings: Vec::new() },
            losses: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Whether applying it would change nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        let Self { id: _, verdict, children, pods, topology, losses, notes } = self;
        let still = match topology {
            TopologyPlan::Unknown(_) => false,
            TopologyPlan::Known { changes, findings } => changes.is_empty() && findings.is_empty(),
        };
        *verdict == SpecVerdict::Unchanged
            && still
            && children.is_empty()
            && pods.is_empty()
            && losses.is_empty()
            && notes.is_empty()
    }
}
