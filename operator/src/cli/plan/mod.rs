//! `hoopoe-operator plan -f`: what manifests would change, before they are applied: which pods roll, which broker
//! objects change, what would be lost.
//!
//! The API server tries the resource itself in a dry run, with its rules, defaults and admission, and with what other
//! managers set. From its answer, and from the resource that is stored, the steps of a reconcile make the children, and
//! the API server tries those that differ. The broker is read. Nothing is written anywhere.

mod children;
mod compare;
mod fields;
mod gather;
mod markdown;
mod secrets;
mod text;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::resource::ResourceId;

pub use gather::{PlanError, plan};
pub(super) use secrets::LayeredSecrets;

/// What `plan` is told.
#[derive(Clone, Debug, Args)]
pub struct PlanArgs {
    /// A manifest, or a folder of them, or `-`; may be given more than once
    #[arg(short = 'f', long = "filename", value_name = "FILE_OR_FOLDER", required = true)]
    pub filenames: Vec<PathBuf>,
    /// How it is printed
    #[arg(short = 'o', long = "output", value_enum, default_value_t)]
    pub output: Output,
    /// The field manager that will apply the manifests: kubectl, helm, kustomize-controller, ...; a field that it no
    /// longer gives is removed
    #[arg(long, default_value = "kubectl")]
    pub field_manager: String,
}

/// How a plan is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For a terminal
    #[default]
    Text,
    /// For a pull request
    Markdown,
}

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
    /// As it is printed.
    pub fn print(&self, output: Output) -> String {
        match output {
            Output::Text => text::text(self),
            Output::Markdown => markdown::markdown(self),
        }
    }

    /// Whether a manifest would not be taken.
    pub fn is_refused(&self) -> bool {
        self.resources.iter().any(|resource| matches!(resource.verdict, SpecVerdict::Refused(_)))
    }
}

impl ResourcePlan {
    /// With nothing known yet but that.
    fn new(id: ResourceId, verdict: SpecVerdict) -> Self {
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
    fn is_empty(&self) -> bool {
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
