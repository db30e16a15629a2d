//! `hoopoe-operator explain ncons/NAME`: the chain from the Secret to the row, each link with its state.
//!
//! It asks with the caller's own rights, and writes nothing. What it could not ask is shown as unknown, with the
//! reason.

mod gather;
mod pods;

use std::fmt::Write;

use clap::Args;

use crate::resource::Kind;

pub use gather::{ExplainError, explain};

/// What `explain` is told.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// The resource: ncons/NAME or nprod/NAME
    pub resource: Target,
    /// The namespace of the resource. Default: the namespace of the kubeconfig's context
    #[arg(short = 'n', long)]
    pub namespace: Option<String>,
}

/// A kind and a name, as `kubectl` takes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

/// Why a text does not name a resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to read \"{0}\": it must be ncons/NAME or nprod/NAME")]
pub struct TargetError(String);

/// One link of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainLink {
    /// What it is.
    pub what: String,
    /// Whether it is as it should be.
    pub state: LinkState,
    /// What was seen, in one line.
    pub detail: String,
}

/// Whether a link is as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// It is as it should be.
    Holds,
    /// It is not as it should be.
    Fails,
    /// It could not be asked.
    Unknown,
}

impl ChainLink {
    fn new(what: impl Into<String>, state: LinkState, detail: impl Into<String>) -> Self {
        Self { what: what.into(), state, detail: detail.into() }
    }

    fn holds(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(what, LinkState::Holds, detail)
    }

    fn fails(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(what, LinkState::Fails, detail)
    }

    fn unknown(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(what, LinkState::Unknown, detail)
    }

    fn of(holds: bool, what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(what, if holds { LinkState::Holds } else { LinkState::Fails }, detail)
    }
}

/// The chain as lines, and below it the first link that fails.
pub fn text(chain: &[ChainLink]) -> String {
    let width = chain.iter().map(|link| link.what.chars().count()).max().unwrap_or_default().min(60);
    let mut out = String::new();
    for ChainLink { what, state, detail } in chain {
        let state = match state {
            LinkState::Holds => "ok   ",
            LinkState::Fails => "FAILS",
            LinkState::Unknown => "?    ",
        };
        // Texts from outside must not contain a line break, or a part of them would look like a line of ours.
        let detail: String = detail.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{state}  {what:width$}  {}", detail.trim());
    }
    if let Some(first) = chain.iter().find(|link| link.state == LinkState::Fails) {
        let _ = writeln!(out, "\nthe chain ends at: {}", first.what);
    }
    out
}

impl std::str::FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let wrong = || TargetError(text.to_owned());
        let (kind, name) = text.split_once('/').ok_or_else(wrong)?;
        let kind = kind.strip_suffix(".hoopoe.app").unwrap_or(kind).to_ascii_lowercase();
        let kind = match kind.as_str() {
            "nprod" | "notifproducer" | "notifproducers" => Kind::Producer,
            "ncons" | "notifconsumer" | "notifconsumers" => Kind::Consumer,
            _ => return Err(wrong()),
        };
        let label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || !name.bytes().all(label) {
            return Err(wrong());
        }
        Ok(Self { kind, name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_as_kubectl_takes_them() {
        let read = |text: &str| text.parse::<Target>().map(|target| (target.kind, target.name));
        assert_eq!(read("ncons/inbox").unwrap(), (Kind::Consumer, "inbox".to_owned()));
        assert_eq!(read("notifproducers.hoopoe.app/a-1").unwrap(), (Kind::Producer, "a-1".to_owned()));
        for bad in ["inbox", "pod/x", "ncons/", "ncons/../x", "ncons/A"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_first_link_that_fails_is_named() {
        let chain = [
            ChainLink::holds("Secret b", "uri"),
            ChainLink::unknown("broker", "a\nb"),
            ChainLink::fails("queue", "x"),
            ChainLink::fails("pods", "y"),
        ];
        let said = text(&chain);
        assert!(said.contains("?      broker    a b\n"), "{said}");
        assert!(said.ends_with("the chain ends at: queue\n"), "{said}");
    }
}
