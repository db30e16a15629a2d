//! CEL rules as the API server evaluates them. Each is declared at the type that it is about, by
//! `schemars(extend(...))`, since kube's derive does not work for a struct with its own `Default`. All are at `spec` or
//! deeper: a rule at the root that became stricter later would make the finalizer and status patches of stored objects
//! fail. `validate/` has the same rules, for `hoopoe dev` and the operator.

use kube::core::Rule;

use crate::ports;

/// Names of queues and exchanges.
pub(crate) const BROKER_NAME: &str = "^[A-Za-z0-9][A-Za-z0-9._:/-]*$";

/// Names of Secrets and of other objects of Kubernetes: a DNS subdomain.
pub(crate) const OBJECT_NAME: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// Printable ASCII: what a routing key may hold.
pub(crate) const PRINTABLE: &str = "^[ -~]*$";

/// A decimal from 0 to 1.
pub(crate) const RATIO: &str = r"^(0(\.[0-9]+)?|1(\.0+)?)$";

/// A rule at an object that blames one of its fields, e.g. `.name`. Its message starts with the field's name.
pub(crate) fn rule(field: &str, rule: &str, message: &str) -> Rule {
    Rule::new(rule).message(message).field_path(field)
}

/// A rule about the value at which it is declared.
pub(crate) fn rule_of_value(rule: &str, message: &str) -> Rule {
    Rule::new(rule).message(message)
}

/// A duration, on the field itself.
pub(crate) fn over_zero(name: &str) -> Rule {
    Rule::new("self.matches('[1-9]')").message(format!("{name} must be over 0").as_str())
}

/// The one rule at the root. From a name of 40 bytes no child gets a name over 63, which is the limit of a label.
pub(crate) fn resource_name() -> Rule {
    Rule::new("size(self.metadata.name) <= 40 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')")
        .message("metadata.name must be a DNS label of at most 40 characters")
}

/// No port of ours may be the admin port's.
pub(crate) fn not_the_admin_port() -> Rule {
    let admin = ports::ADMIN;
    let message = format!("port must not be {admin}: health and metrics are there");
    rule(".port", &format!("self.port != {admin}"), &message)
}

/// A number of pods, or a percentage. The rule compares a value with itself as text to see whether it is text, since
/// not every evaluator knows `type()`.
pub(crate) fn share(name: &str) -> Rule {
    let is = format!(
        "!has(self.{name}) || (string(self.{name}) == self.{name} ? self.{name}.matches('^(100|[0-9]{{1,2}})%$') : \
         string(self.{name}).matches('^[0-9]{{1,9}}$'))"
    );
    let message = format!("{name} must be a number from 0 to 999999999, or a percentage from \"0%\" to \"100%\"");
    rule(&format!(".{name}"), &is, &message)
}
