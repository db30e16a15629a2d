//! The names by which our objects on a broker are known.

use hoopoe_crds::policy::DEAD_LETTERS;

use crate::resource::ResourceId;

/// The argument that marks a binding as ours: `<namespace>/<name>`. Headers exchanges ignore arguments that start with
/// `x-`.
pub const MARK: &str = "x-hoopoe";

/// What the name of a claim starts with.
const CLAIM: &str = "hoopoe.";

/// The prefix of a policy that stays with a kept queue: it has the same limits, but is no claim.
pub const KEPT: &str = "hoopoe-kept.";

/// The name of the policy by which a resource claims its queue.
pub fn claim_of(id: &ResourceId) -> String {
    format!("{CLAIM}{}.{}", id.namespace, id.name)
}

/// The name of the policy of the dead-letter queue that goes with a claim.
pub fn dead_letter_claim(claim: &str) -> String {
    format!("{claim}{DEAD_LETTERS}")
}

/// The value of [`MARK`] in a resource's bindings.
pub fn mark_of(id: &ResourceId) -> String {
    format!("{}/{}", id.namespace, id.name)
}

/// The claim that a policy's name is or belongs to: `hoopoe.<namespace>.<name>`, with `.dlq` for the dead-letter queue.
/// Neither a namespace nor a name holds a dot.
pub fn claim_in(policy: &str) -> Option<&str> {
    let claim = policy.strip_suffix(DEAD_LETTERS).unwrap_or(policy);
    let rest = claim.strip_prefix(CLAIM)?;
    let (namespace, resource) = rest.split_once('.')?;
    (!namespace.is_empty() && !resource.is_empty() && !resource.contains('.')).then_some(claim)
}

/// `hoopoe.<namespace>.<name>` → `<namespace>/<name>`.
pub fn readable(claim: &str) -> String {
    claim.strip_prefix(CLAIM).unwrap_or(claim).replacen('.', "/", 1)
}

/// `hoopoe.<namespace>.<name>` → `hoopoe-kept.<namespace>.<name>`.
pub fn kept_name(claim: &str) -> String {
    claim.replacen(CLAIM, KEPT, 1)
}
