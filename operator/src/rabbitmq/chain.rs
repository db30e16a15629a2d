//! The objects between a sender and the workers, from what was read of a broker. Pure.

use std::fmt::Write;

use hoopoe_crds::policy;

use super::{Binding, Desired, Snapshot, desired::DesiredQueue, diff};
use crate::topology::{Depths, Meaning, Sight};

/// Exchange, or exchanges, bindings, queue and dead letters, in the order in which a message meets them.
pub(super) fn sights(desired: &Desired, seen: &Snapshot, depths: Option<&Depths>) -> Vec<Sight> {
    let mut sights = Vec::new();
    if let Some(exchange) = &desired.exchange {
        sights.push(self::exchange(&exchange.name, seen));
    }
    if let Some(queue) = &desired.queue {
        let mut sources: Vec<&str> = queue.bindings.iter().map(|binding| binding.source.as_str()).collect();
        sources.sort_unstable();
        sources.dedup();
        sights.extend(sources.into_iter().map(|source| exchange(source, seen)));
        sights.extend(bindings(queue, seen));
        sights.push(self::queue(queue, seen, depths));
        sights.push(dead_letters(queue, seen));
    }
    for finding in diff::difference(desired, seen).findings {
        let finding = finding.to_finding();
        if finding.meaning != Meaning::Note {
            sights.push(sight(false, finding.reason, finding.message));
        }
    }
    sights
}

fn sight(holds: bool, what: impl Into<String>, detail: impl Into<String>) -> Sight {
    Sight { what: what.into(), holds, detail: detail.into() }
}

fn exchange(name: &str, seen: &Snapshot) -> Sight {
    let what = format!("exchange {name}");
    match seen.exchanges.get(name) {
        Some(there) => {
            let bound = seen.bindings.iter().filter(|binding| binding.source == name).count();
            sight(true, what, format!("{}, {bound} bindings", there.kind))
        }
        None => sight(false, what, "it does not exist"),
    }
}

fn bindings(queue: &DesiredQueue, seen: &Snapshot) -> Vec<Sight> {
    let link = |wanted: &Binding| {
        let what = format!("binding {} → {}", wanted.source, queue.name);
        let there = seen.bindings.iter().any(|there| {
            there.destination_type == "queue"
                && there.destination == queue.name
                && there.source == wanted.source
                && there.routing_key == wanted.routing_key
                && there.arguments == wanted.arguments
        });
        let key = format!("key \"{}\"", wanted.routing_key);
        sight(there, what, if there { key } else { format!("{key}: it does not exist") })
    };
    queue.bindings.iter().map(link).collect()
}

fn queue(queue: &DesiredQueue, seen: &Snapshot, depths: Option<&Depths>) -> Sight {
    let what = format!("queue {}", queue.name);
    let Some(there) = seen.queues.get(&queue.name) else { return sight(false, what, "it does not exist") };
    let in_force = there.policy.as_deref().unwrap_or("none");
    let mut detail = format!(
        "{}, {} ready, {} unacknowledged, policy {in_force}",
        there.kind, there.messages_ready, there.messages_unacknowledged
    );
    let rates = depths.and_then(|depths| depths.queues.get(&queue.name));
    if let Some((arrive, acknowledged)) = rates.and_then(|depth| depth.publish_rate.zip(depth.acknowledge_rate)) {
        // Writing to a String cannot fail.
        let _ = write!(detail, ", {arrive:.1}/s arrive, {acknowledged:.1}/s acknowledged");
    }
    sight(in_force == queue.policy.name, what, detail)
}

fn dead_letters(queue: &DesiredQueue, seen: &Snapshot) -> Sight {
    let name = policy::dead_letters(&queue.name);
    let what = format!("dead letters {name}");
    match seen.queues.get(&name) {
        None => sight(false, what, "the queue does not exist"),
        Some(there) => match there.messages_ready + there.messages_unacknowledged {
            0 => sight(true, what, "none"),
            waiting => {
                sight(false, what, format!("{waiting} wait: their headers x-hoopoe-class and x-hoopoe-reason say why"))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        desired::fixtures,
        rabbitmq::{Exchange, Queue, desired},
        topology::Wanted,
        validate,
    };

    #[test]
    fn a_chain_ends_where_something_is_not_there() {
        let (meta, spec) = fixtures::minimal_consumer();
        let desired = Desired::of(&Wanted::of_consumer(validate::validate(&meta, &spec).unwrap(), None));
        let wanted = desired.queue.clone().unwrap();
        let failing = |seen: &Snapshot| -> Vec<String> {
            let all = sights(&desired, seen, None).into_iter();
            all.filter(|sight| !sight.holds).map(|sight| sight.what).collect()
        };
        let nothing = failing(&Snapshot::default());
        assert!(nothing.iter().any(|what| what.starts_with("exchange ")), "{nothing:?}");
        assert!(nothing.iter().any(|what| what.starts_with("queue ")), "{nothing:?}");

        let exchange = |name: &String| {
            (
                name.clone(),
                Exchange { name: name.clone(), kind: "topic".to_owned(), durable: true, ..Exchange::default() },
            )
        };
        let queue = |name: String, policy: &str, arguments: serde_json::Map<String, serde_json::Value>| {
            let queue = Queue {
                name: name.clone(),
                kind: "quorum".to_owned(),
                durable: true,
                policy: Some(policy.to_owned()),
                arguments,
                ..Queue::default()
            };
            (name, queue)
        };
        let mut seen = Snapshot {
            exchanges: wanted.bindings.iter().map(|binding| exchange(&binding.source)).collect(),
            bindings: wanted
                .bindings
                .iter()
                .map(|binding| Binding { destination_type: "queue".to_owned(), ..binding.clone() })
                .collect(),
            queues: BTreeMap::from([
                queue(wanted.name.clone(), &wanted.policy.name, wanted.arguments.clone()),
                queue(
                    policy::dead_letters(&wanted.name),
                    &wanted.dead_letter_policy.name,
                    desired::dead_letter_arguments(),
                ),
            ]),
            ..Snapshot::default()
        };
        assert_eq!(failing(&seen), [""; 0]);
        if let Some(queue) = seen.queues.get_mut(&policy::dead_letters(&wanted.name)) {
            queue.messages_ready = 3;
        }
        assert_eq!(failing(&seen), [format!("dead letters {}.dlq", wanted.name)]);
    }
}
