//! What a plan says of each resource. Its two printed forms are in `text` and `markdown`.

use crate::resource::ResourceId;

/// What manifests would change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// One plan for each resource, in the order of the files.
    pub resources: Vec<ResourcePlan>,
}

/// What one manifest would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourcePlan {
    /// Which resource.
    pub id: ResourceId,
    /// How the resource itself changes.
    pub verdict: SpecVerdict,
    /// The objects that change.
    pub children: Vec<ChildChange>,
    /// The pods that start, stop or roll, a sentence each.
    pub pods: Vec<String>,
    /// The broker's objects.
    pub topology: TopologyPlan,
    /// What would be lost, a sentence each.
    pub losses: Vec<String>,
    /// Other remarks, a sentence each.
    pub notes: Vec<String>,
}

/// How the resource itself changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecVerdict {
    /// The API server or the operator refuses it; why.
    Refused(String),
    /// It is created.
    Created,
    /// These fields of its spec change.
    Changed(Vec<FieldChange>),
    /// Nothing of its spec changes.
    Unchanged,
}

/// A field that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Its path, for example `spec.queue.policy.maxLength`.
    pub path: String,
    /// Its present value; `None`: it is not set.
    pub from: Option<String>,
    /// Its new value; `None`: it is removed.
    pub to: Option<String>,
}

/// A child that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildChange {
    /// Its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// How it changes.
    pub becomes: Becomes,
}

/// How an object changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// It is created.
    Created,
    /// These paths in it change.
    Changed(Vec<String>),
    /// It is removed.
    Removed,
}

/// How the broker's objects change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopologyPlan {
    /// The broker did not answer; why.
    Unknown(String),
    /// The broker answered.
    Known {
        /// The writes, in their order, a sentence each.
        changes: Vec<String>,
        /// Faults that the operator cannot mend, a sentence each.
        findings: Vec<String>,
    },
}

impl Plan {
    /// Whether one of the manifests is refused.
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

    /// Whether applying it changes nothing at all.
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
