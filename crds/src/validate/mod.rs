//! The rules of both resources that are more than a type. In a cluster the API server holds most of them too.

mod shared;

use crate::{
    consumer::{NotifConsumerSpec, Queue},
    manifest::Manifest,
    ports,
    producer::NotifProducerSpec,
    worker_config::{BindingConfig, QueueType},
    workload::{Autoscale, Workload},
};

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The field's path, e.g. `spec.queue.name`.
    pub field: String,
    /// The rule.
    pub detail: String,
}

/// Ten years: RabbitMQ refuses a policy with more (seen: 315360000000 ms is taken, one more is `value_too_large`).
const MAX_TTL_MILLIS: u128 = 315_360_000_000;

/// The spec of one of our kinds.
pub trait Spec {
    /// The fields that both kinds have.
    fn workload(&self) -> &Workload;

    /// Adds each rule that it breaks to `rules`.
    fn check(&self, rules: &mut Rules);
}

impl Spec for NotifProducerSpec {
    fn workload(&self) -> &Workload {
        &self.workload
    }

    fn check(&self, rules: &mut Rules) {
        rules.producer(self);
    }
}

impl Spec for NotifConsumerSpec {
    fn workload(&self) -> &Workload {
        &self.workload
    }

    fn check(&self, rules: &mut Rules) {
        rules.consumer(self);
    }
}

/// Every rule that a resource of this name with this spec breaks; empty: none.
pub fn validate<S: Spec>(name: &str, spec: &S) -> Vec<Invalid> {
    let mut rules = Rules(Vec::new());
    rules.name(name);
    spec.check(&mut rules);
    rules.0
}

impl Manifest {
    /// Every rule that it breaks; empty: none.
    pub fn broken_rules(&self) -> Vec<Invalid> {
        match self {
            Self::Producer(producer) => validate(&producer.metadata.name, &producer.spec),
            Self::Consumer(consumer) => validate(&consumer.metadata.name, &consumer.spec),
        }
    }
}

/// The rules, and those that were broken so far.
#[derive(Debug)]
pub struct Rules(Vec<Invalid>);

impl Rules {
    fn require(&mut self, holds: bool, field: &str, detail: impl Into<String>) {
        if !holds {
            self.0.push(Invalid { field: field.to_owned(), detail: detail.into() });
        }
    }

    fn name(&mut self, name: &str) {
        let label = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let ends = !name.starts_with('-') && !name.ends_with('-');
        let holds = !name.is_empty() && name.len() <= 40 && label && ends;
        self.require(holds, "metadata.name", "must be a DNS label of at most 40 characters");
    }

    fn producer(&mut self, spec: &NotifProducerSpec) {
        self.workload(&spec.workload);
        self.broker(&spec.broker);
        self.broker_name("spec.exchange.name", &spec.exchange.name, 255);
        self.routing_key_template("spec.routingKey", &spec.routing_key);
        self.at_most("spec.headers", spec.headers.len(), 4);
        self.port("spec.ingress.http.port", spec.ingress.http.port);
        self.over_zero("spec.publish.timeout", Some(spec.publish.timeout));
        self.require(spec.publish.max_in_flight >= 1, "spec.publish.maxInFlight", "must be at least 1");
        let bytes = spec.limits.body_bytes;
        self.require((1..=65_536).contains(&bytes), "spec.limits.bodyBytes", "must be 1 to 65536");
        self.require(spec.limits.rate_per_second != Some(0), "spec.limits.ratePerSecond", "must be at least 1");
        self.autoscale("spec.autoscale", spec.autoscale.as_ref());
    }

    fn consumer(&mut self, spec: &NotifConsumerSpec) {
        self.workload(&spec.workload);
        self.broker(&spec.broker);
        self.postgres(&spec.postgres);
        if let Some(redis) = &spec.redis {
            self.redis(redis);
        }
        self.queue(&spec.queue);
        self.bindings(&spec.bindings);
        let consume = &spec.consume;
        self.require(consume.prefetch >= 1, "spec.consume.prefetch", "must be 1 to 65535");
        self.require((1..=64).contains(&consume.lanes), "spec.consume.lanes", "must be 1 to 64");
        self.require((1..=5000).contains(&consume.batch.max_size), "spec.consume.batch.maxSize", "must be 1 to 5000");
        self.require(spec.dead_letter.max_length >= 1, "spec.deadLetter.maxLength", "must be at least 1");
        self.require((1..=200).contains(&spec.cache.head_items), "spec.cache.headItems", "must be 1 to 200");
        self.require(spec.cache.ttl.0.as_secs() >= 1, "spec.cache.ttl", "must be at least 1s");
        self.over_zero("spec.store.retention", spec.store.retention);
        if let Some(scaling) = &spec.scaling {
            let holds = 0 <= scaling.min && scaling.min <= scaling.max && scaling.max >= 1;
            self.require(holds, "spec.scaling", "must have 0 <= min <= max, and max at least 1");
            // What the scaler divides by.
            self.over_zero("spec.scaling.targetDrain", Some(scaling.target_drain));
        }
        self.port("spec.api.port", spec.api.port);
        self.require(spec.api.replicas >= 0, "spec.api.replicas", "must be at least 0");
        self.autoscale("spec.api.autoscale", spec.api.autoscale.as_ref());
    }

    fn queue(&mut self, queue: &Queue) {
        self.broker_name("spec.queue.name", &queue.name, 251);
        if let Some(levels) = queue.max_priority {
            self.require((1..=9).contains(&levels), "spec.queue.maxPriority", "must be 1 to 9");
            let classic = queue.kind == QueueType::Classic;
            self.require(classic, "spec.queue.maxPriority", "needs type Classic: a quorum queue has no such argument");
        }
        let ttl = queue.policy.message_ttl.is_none_or(|ttl| (1..=MAX_TTL_MILLIS).contains(&ttl.0.as_millis()));
        self.require(ttl, "spec.queue.policy.messageTtl", "must be over 0 and at most 3650d");
        self.require(queue.policy.max_length != Some(0), "spec.queue.policy.maxLength", "must be at least 1");
        self.require(queue.policy.delivery_limit >= 1, "spec.queue.policy.deliveryLimit", "must be at least 1");
    }

    fn bindings(&mut self, bindings: &[BindingConfig]) {
        self.require((1..=64).contains(&bindings.len()), "spec.bindings", "must have 1 to 64 entries");
        for (index, binding) in bindings.iter().enumerate() {
            let field = |name: &str| format!("spec.bindings[{index}].{name}");
            // The broker's own exchanges, such as amq.topic, are allowed here: they are bound to and not declared.
            self.name_characters(&field("exchange"), &binding.exchange, 255);
            let printable = binding.routing_key.bytes().all(|byte| (0x20..0x7f).contains(&byte));
            let holds = printable && binding.routing_key.len() <= 255;
            self.require(holds, &field("routingKey"), "must be at most 255 printable ASCII characters");
            let x_match = binding.arguments.get("x-match");
            let holds = x_match.is_none_or(|value| value == "all" || value == "any");
            let detail = "must have x-match all or any: the other values also compare the operator's mark, x-hoopoe";
            self.require(holds, &field("arguments"), detail);
            self.at_most(&field("arguments"), binding.arguments.len(), 32);
            let marked = binding.arguments.contains_key("x-hoopoe");
            let detail = "must not have x-hoopoe: the operator marks its own bindings with it";
            self.require(!marked, &field("arguments"), detail);
            let copy = bindings[..index].contains(binding);
            self.require(!copy, &format!("spec.bindings[{index}]"), "must not be a copy of an earlier binding");
        }
    }

    fn broker_name(&mut self, field: &str, name: &str, max: usize) {
        self.name_characters(field, name, max);
        self.require(!name.starts_with("amq."), field, "must not start with amq.: RabbitMQ reserves such names");
    }

    fn name_characters(&mut self, field: &str, name: &str, max: usize) {
        let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let rest = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte));
        let detail = format!("must be 1 to {max} characters of A-Z a-z 0-9 . _ : / - and start with a letter or digit");
        self.require(first && rest && name.len() <= max, field, detail);
    }

    fn routing_key_template(&mut self, field: &str, template: &str) {
        let printable = template.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        self.require(printable && template.len() <= 255, field, "must be at most 255 printable ASCII characters");
        let holds = only_known_placeholders(template);
        self.require(holds, field, "may have { and } only in the placeholders {kind}, {owner} and {actor}");
    }

    fn port(&mut self, field: &str, port: u16) {
        self.require(port != 0, field, "must be 1 to 65535");
        self.require(
            port != ports::ADMIN,
            field,
            format!("must not be {}: health and metrics are there", ports::ADMIN),
        );
    }

    fn autoscale(&mut self, field: &str, autoscale: Option<&Autoscale>) {
        if let Some(autoscale) = autoscale {
            let holds = 1 <= autoscale.min && autoscale.min <= autoscale.max;
            self.require(holds, field, "must have 1 <= min <= max");
            self.require((1..=100).contains(&autoscale.cpu), &format!("{field}.cpu"), "must be 1 to 100 percent");
        }
    }
}

/// Read as a worker reads it, from left to right: `{ow{kind}ner}` is no `{owner}` once `{kind}` is taken out.
fn only_known_placeholders(template: &str) -> bool {
    let mut rest = template;
    while let Some(brace) = rest.find(['{', '}']) {
        let known = ["{kind}", "{owner}", "{actor}"].iter().find_map(|name| rest[brace..].strip_prefix(name));
        let Some(after) = known else { return false };
        rest = after;
    }
    true
}
