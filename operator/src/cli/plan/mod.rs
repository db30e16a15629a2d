//! `hoopoe-operator plan -f`: what manifests would change, before they are applied: which pods roll, which broker
//! objects change, what would be lost.
//!
//! The API server tries the resource itself in a dry run, with its rules, defaults and admission, and with what other
//! managers set. From its answer, and from the resource that is stored, the steps of a reconcile make the children, and
//! the API server tries those that differ. The broker is read. Nothing is written anywhere.

mod children;
mod compare;
mod content;
mod fields;
mod gather;
mod markdown;
mod secrets;
mod text;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub use content::{Becomes, ChildChange, FieldChange, Plan, ResourcePlan, SpecVerdict, TopologyPlan};
pub use gather::{PlanError, plan};
pub(super) use secrets::LayeredSecrets;

/// What `plan` is told.
#[derive(Clone, Debug, Args)]
pub struct PlanArgs {
    /// A manifest, or a folder of them, or `-`; may be given more than once
    #[arg(short = 'f', long = "filename", value_name = "FILE_OR_FOLDER", required = true)]
    pub filenames: Vec<PathBuf>,
    /// The format of the plan
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

impl Plan {
    /// The plan as text in the given format.
    pub fn print(&self, output: Output) -> String {
        match output {
            Output::Text => text::text(self),
            Output::Markdown => markdown::markdown(self),
        }
    }
}
