//! Why a child could not be applied.

use kube::core::Status;

use crate::{desired::ChildKind, status::StatusProblem};

/// Why a child could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// An object of that name exists and is not ours. We leave it alone.
    #[error(
        "failed to create the {kind} {name}: another object has this name and does not belong to this resource; \
         delete that object, or give this resource another name",
        kind = .kind.as_str()
    )]
    NameTaken {
        /// The child's kind.
        kind: ChildKind,
        /// Its name.
        name: String,
    },
    /// The object of that name belongs to an earlier resource of the same name, and is removed with it.
    #[error(
        "failed to create the {kind} {name}: the object of an earlier resource of the same name is still being deleted",
        kind = .kind.as_str()
    )]
    NameLeftOver {
        /// The child's kind.
        kind: ChildKind,
        /// Its name.
        name: String,
    },
    /// The API server or an admission policy refuses it: 400 or 422.
    #[error("failed to apply the {kind} {name}: the API server refuses {field}: {message}", kind = .kind.as_str())]
    Refused {
        /// The child's kind.
        kind: ChildKind,
        /// Its name.
        name: String,
        /// The field in the child, as the API server names it; `the object` where it names none.
        field: String,
        /// Its words.
        message: String,
    },
    /// The API server forbids it: a right is missing, a quota is full, or the namespace is being removed.
    #[error("failed to apply the {kind} {name}: the API server does not allow it: {message}", kind = .kind.as_str())]
    Forbidden {
        /// The child's kind.
        kind: ChildKind,
        /// Its name.
        name: String,
        /// Its words.
        message: String,
    },
    /// The cluster does not serve that kind, or the namespace is gone: 404.
    #[error("failed to apply the {kind} {name}: the cluster does not serve this kind, or the namespace is gone",
        kind = .kind.as_str())]
    NotServed {
        /// The child's kind.
        kind: ChildKind,
        /// Its name.
        name: String,
    },
    /// The `ReplicaSet`s, which name the configs that are still in use, could not be read.
    #[error("failed to list the ReplicaSets, which name the ConfigMaps that are still in use: {source}")]
    ReplicaSetsUnread {
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
    /// Conflict, too many requests, an error of the API server's own, no answer.
    #[error("failed to {verb} the {kind} {name}: {source}", kind = .kind.as_str())]
    Unanswered {
        /// The verb: `look up`, `apply`, `remove`.
        verb: &'static str,
        /// The child's kind.
        kind: ChildKind,
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
}

impl ApplyError {
    /// The error in the words of a condition.
    pub fn problem(&self) -> StatusProblem {
        let text = self.to_string();
        match self {
            Self::NameTaken { .. } => StatusProblem::lasting("NameTaken", text),
            Self::NameLeftOver { .. } => StatusProblem::passing("NameLeftOver", text),
            Self::Refused { .. } => StatusProblem::lasting("Refused", text),
            Self::Forbidden { .. } => StatusProblem::passing("Forbidden", text),
            Self::NotServed { .. } => StatusProblem::passing("NotServed", text),
            Self::ReplicaSetsUnread { .. } => StatusProblem::passing("ReplicaSetsUnread", text),
            Self::Unanswered { .. } => StatusProblem::passing("Unanswered", text),
        }
    }

    /// What an answer of the API server means. `verb`: what was tried.
    pub(super) fn from_kube(verb: &'static str, kind: ChildKind, name: &str, error: kube::Error) -> Self {
        let name = name.to_owned();
        let kube::Error::Api(status) = error else {
            return Self::Unanswered { verb, kind, name, source: Box::new(error) };
        };
        if let Some((field, message)) = untyped(&status.message) {
            return Self::Refused { kind, name, field, message };
        }
        match status.code {
            400 | 422 => {
                let (field, message) = said(&status);
                Self::Refused { kind, name, field, message }
            }
            403 => Self::Forbidden { kind, name, message: status.message },
            404 => Self::NotServed { kind, name },
            _ => Self::Unanswered { verb, kind, name, source: Box::new(kube::Error::Api(status)) },
        }
    }
}

/// Server-side apply answers 500, with strict validation and without, for a field that the schema does not have or has
/// with another type, and for a value that cannot be parsed (all seen on 1.36). A retry does not help.
fn untyped(message: &str) -> Option<(String, String)> {
    if let Some(rest) = message.strip_prefix("failed to convert new object (") {
        let detail = rest.rsplit_once("unable to convert unstructured object to ").map_or(rest, |(_, detail)| detail);
        return Some(("the object".to_owned(), detail.to_owned()));
    }
    let (_, errors) = message.strip_prefix("failed to create typed patch object (")?.split_once("): ")?;
    // Several errors follow on separate lines, after a line that announces them.
    let named = errors.lines().map(str::trim).find(|line| line.starts_with('.')).and_then(|line| line.split_once(": "));
    let (field, detail) = named.unwrap_or(("the object", errors));
    Some((field.trim_start_matches('.').to_owned(), detail.to_owned()))
}

/// The field that is named first, and the text about it; otherwise the whole answer.
fn said(status: &Status) -> (String, String) {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    match causes.into_iter().find(|cause| !cause.field.is_empty()) {
        Some(cause) => (cause.field.clone(), cause.message.clone()),
        None => ("the object".to_owned(), status.message.clone()),
    }
}
