//! The links on the broker, from what was read of it. Pure.

use std::fmt::Write;

use hoopoe_crds::policy;

use super::Link;
use crate::{
    broker::{Depths, Snapshot},
    topology::{Desired, desired::DesiredQueue, diff},
};

/// Exchange, or exchanges, bindings, queue and dead letters, in the order in which a message meets them.
pub(super) fn links(desired: &Desired, seen: &Snapshot, depths: Option<&Depths>) -> Vec<Link> {
    let mut links = Vec::new();
    if let Some(exchange) = &desired.exchange {
        links.push(self::exchange(&exchange.name, seen));
    }
    if let Some(queue) = &desired.queue {
        let mut sources: Vec<&str> = queue.bindings.iter().map(|binding| binding.source.as_str()).collect();
        sources.sort_unstable();
        sources.dedup();
        links.extend(sources.into_iter().map(|source| exchange(source, seen)));
        links.extend(bindings(queue, seen));
        links.push(self::queue(queue, seen, depths));
        links.push(dead_letters(queue, seen));
    }
    for finding in diff::difference(desired, seen).findings {
        if finding.problem().is_some() {
            links.push(Link::fails(finding.reason(), finding.to_string()));
        }
    }
    links
}

fn exchange(name: &str, seen: &Snapshot) -> Link {
    let what = format!("exchange {name}");
    match seen.exchanges.get(name) {
        Some(there) => {
            let bound = seen.bindings.iter().filter(|binding| binding.source == name).count();
            Link::holds(what, format!("{}, {bound} bindings", there.kind))
        }
        None => Link::fails(what, "it is not there"),
    }
}

fn bindings(queue: &DesiredQueue, seen: &Snapshot) -> Vec<Link> {
    let link = |wanted: &crate::broker::Binding| {
        let what = format!("binding {} → {}", wanted.source, queue.name);
        let there = seen.bindings.iter().any(|there| {
            there.destination_type == "queue"
                && there.destination == queue.name
                && there.source == wanted.source
                && there.routing_key == wanted.routing_key
                && there.arguments == wanted.arguments
        });
        let key = format!("key \"{}\"", wanted.routing_key);
        Link::of(there, what, if there { key } else { format!("{key}: it is not there") })
    };
    queue.bindings.iter().map(link).collect()
}

fn queue(queue: &DesiredQueue, seen: &Snapshot, depths: Option<&Depths>) -> Link {
    let what = format!("queue {}", queue.name);
    let Some(there) = seen.queues.get(&queue.name) else { return Link::fails(what, "it is not there") };
    let in_force = there.policy.as_deref().unwrap_or("none");
    let mut detail = format!(
        "{}, {} ready, {} unacknowledged, policy {in_force}",
        there.kind, there.messages_ready, there.messages_unacknowledged
    );
    let rates = depths.and_then(|depths| depths.queues.get(&queue.name));
    if let Some((arrive, acknowledged)) = rates.and_then(|depth| depth.publish_rate.zip(depth.acknowledge_rate)) {
        // A String takes every write.
        let _ = write!(detail, ", {arrive:.1}/s in, {acknowledged:.1}/s done");
    }
    Link::of(in_force == queue.policy.name, what, detail)
}

fn dead_letters(queue: &DesiredQueue, seen: &Snapshot) -> Link {
    let name = policy::dead_letters(&queue.name);
    let what = format!("dead letters {name}");
    match seen.queues.get(&name) {
        None => Link::fails(what, "the queue is not there"),
        Some(there) => match there.messages_ready + there.messages_unacknowledged {
            0 => Link::holds(what, "none"),
            waiting => {
                Link::fails(what, format!("{waiting} wait: their headers x-hoopoe-class and x-hoopoe-reason say why"))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        broker::{Binding, Exchange, Queue},
        desired::fixtures,
        topology::desired,
        validate,
    };

    #[test]
    fn a_chain_ends_where_something_is_not_there() {
        let (meta, spec) = fixtures::minimal_consumer();
        let desired = desired::consumer(validate::validate(&meta, &spec).unwrap());
        let wanted = desired.queue.clone().unwrap();
        let failing = |seen: &Snapshot| -> Vec<String> {
            links(&desired, seen, None)
                .into_iter()
                .filter(|link| link.state == super::super::State::Fails)
                .map(|link| link.what)
                .collect()
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
