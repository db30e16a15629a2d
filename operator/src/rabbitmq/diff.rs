//! The difference between what a resource wants of its broker and what is there. Pure.

use hoopoe_crds::{policy, producer::Ownership};

use super::{
    Binding, Change, Desired, Policy, RabbitFinding, Snapshot,
    desired::{DesiredExchange, DesiredQueue, dead_letter_arguments},
    names::{KEPT, MARK, mark_of},
    objects::{bindings_of, immutable_differences, lifetime_differences, ours},
};

/// What to write, in this order, and what our writes cannot mend.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// In the order in which they are carried out.
    pub changes: Vec<Change>,
    /// The most important first.
    pub findings: Vec<RabbitFinding>,
}

/// The difference. The caller knows that no other resource holds the queue.
pub fn difference(desired: &Desired, seen: &Snapshot) -> Difference {
    let mut difference = Difference::default();
    if let Some(exchange) = &desired.exchange {
        of_exchange(exchange, seen, &mut difference);
    }
    if let Some(queue) = &desired.queue {
        of_queue(queue, &mark_of(&desired.claimant.id), seen, &mut difference);
    }
    difference
}

fn of_exchange(exchange: &DesiredExchange, seen: &Snapshot, difference: &mut Difference) {
    let DesiredExchange { name, kind, ownership } = exchange;
    let what = || format!("the exchange {name}");
    match (seen.exchanges.get(name), ownership) {
        (Some(there), _) if there.kind != *kind => difference.findings.push(RabbitFinding::ArgumentsDiffer {
            what: what(),
            field: "type".to_owned(),
            want: (*kind).to_owned(),
            have: there.kind.clone(),
        }),
        // An exchange that a restart of the broker removes loses its bindings too.
        (Some(there), Ownership::Owned | Ownership::Shared) => {
            difference.findings.extend(lifetime_differences(&what(), there.durable, there.auto_delete));
        }
        (Some(_), Ownership::External) => {}
        (None, Ownership::External) => difference.findings.push(RabbitFinding::ExchangeMissing { name: name.clone() }),
        (None, Ownership::Owned | Ownership::Shared) => {
            difference.changes.push(Change::DeclareExchange { name: name.clone(), kind });
        }
    }
}

fn of_queue(queue: &DesiredQueue, mark: &str, seen: &Snapshot, difference: &mut Difference) {
    let dead_letters = policy::dead_letters(&queue.name);
    let both = [
        (&dead_letters, dead_letter_arguments(), &queue.dead_letter_policy),
        (&queue.name, queue.arguments.clone(), &queue.policy),
    ];
    // Policies come first: they are the claim, and a queue never exists without its limits.
    for (_, _, policy) in &both {
        if !in_place(policy, seen) {
            let mut put = (*policy).clone();
            // An operator that does not know its own cluster keeps the id that is written there.
            put.cluster = put.cluster.or_else(|| seen.policies.get(&put.name)?.cluster().map(str::to_owned));
            difference.changes.push(Change::PutPolicy(put));
        }
    }
    for (name, _, _) in &both {
        // A `hoopoe-kept` policy left by an earlier deletion has our priority and could win: delete it.
        let kept = policies_of(name, seen).filter(|policy| policy.name.starts_with(KEPT));
        difference.changes.extend(kept.map(|policy| Change::DeletePolicy { name: policy.name.clone() }));
    }
    for (name, arguments, policy) in both {
        match seen.queues.get(name) {
            None => difference.changes.push(Change::DeclareQueue { name: name.clone(), arguments }),
            Some(there) => {
                difference.findings.extend(immutable_differences(name, &arguments, there));
                let in_force = there.policy.clone().unwrap_or_default();
                if in_force != policy.name && in_place(policy, seen) {
                    let (queue, ours) = (name.clone(), policy.name.clone());
                    difference.findings.push(RabbitFinding::PolicyShadowed { queue, ours, by: in_force });
                }
            }
        }
    }
    of_bindings(queue, mark, seen, difference);
}

fn of_bindings(queue: &DesiredQueue, mark: &str, seen: &Snapshot, difference: &mut Difference) {
    let there: Vec<&Binding> = bindings_of(&queue.name, seen).collect();
    let mut missing: Vec<&str> = Vec::new();
    for binding in &queue.bindings {
        if there.iter().any(|there| same(there, binding)) {
            continue;
        }
        if seen.exchanges.contains_key(&binding.source) {
            difference.changes.push(Change::Bind { queue: queue.name.clone(), binding: binding.clone() });
        } else if !missing.contains(&binding.source.as_str()) {
            missing.push(&binding.source);
        }
    }
    difference
        .findings
        .extend(missing.into_iter().map(|name| RabbitFinding::ExchangeMissing { name: name.to_owned() }));
    for gone in ours(&queue.name, mark, seen) {
        if !queue.bindings.iter().any(|binding| same(gone, binding)) {
            difference.changes.push(Change::Unbind { queue: queue.name.clone(), binding: gone.clone() });
        }
    }
    let foreign: Vec<_> = there.iter().filter(|binding| !binding.arguments.contains_key(MARK)).collect();
    if let Some(first) = foreign.first() {
        difference.findings.push(RabbitFinding::ForeignBindings {
            queue: queue.name.clone(),
            count: foreign.len(),
            exchange: first.source.clone(),
        });
    }
}

/// The policies on exactly one queue.
fn policies_of<'a>(queue: &str, seen: &'a Snapshot) -> impl Iterator<Item = &'a Policy> {
    let pattern = policy::pattern(queue);
    seen.policies.values().filter(move |policy| policy.bare_pattern() == pattern)
}

fn same(one: &Binding, other: &Binding) -> bool {
    one.source == other.source && one.routing_key == other.routing_key && one.arguments == other.arguments
}

fn in_place(policy: &policy::Policy, seen: &Snapshot) -> bool {
    seen.policies.get(&policy.name).is_some_and(|there| {
        let patterns_agree = match &policy.cluster {
            Some(_) => there.pattern == policy.pattern(),
            // An operator that does not know its own cluster accepts any.
            None => there.bare_pattern() == policy.pattern(),
        };
        patterns_agree
            && there.apply_to == "queues"
            && there.priority == policy.priority
            && there.definition == policy.definition
    })
}

#[cfg(test)]
mod tests;
