//! The tables of cases, and the rules of the generated CRDs.

use hoopoe_crds::{NotifConsumer, NotifProducer};
use kube::CustomResourceExt;
use serde::Deserialize;
use serde_json::Value;

use json_patch::merge;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Producer,
    Consumer,
}

pub const KINDS: [Kind; 2] = [Kind::Producer, Kind::Consumer];

/// The cases of one rule. Each change is a merge patch on the example of the kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Where in the schema the rule stands.
    pub at: String,
    /// How its message starts.
    pub message: String,
    /// The field that the rule reports.
    pub blames: String,
    /// For a rule about a change: the resource that is stored before.
    pub from: Option<Value>,
    pub accept: Vec<Value>,
    pub reject: Vec<Value>,
}

/// A resource that is wrong.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrong {
    /// The field that the complaint must name.
    pub blames: String,
    pub change: Value,
    /// Which side refuses it.
    #[serde(default)]
    pub by: By,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The API server, and `dev` too.
    #[default]
    Server,
    /// The API server before it looks at the schema, and `dev` too: an unknown field, if asked as `kubectl` asks.
    Decoding,
    /// `validate`, in `dev` and in the operator: the API server stores the resource, and it becomes Stalled.
    Validate,
    /// Only the operator's own validation; its tests cover it.
    Operator,
}

/// A rule of a generated CRD.
#[derive(Clone, Debug)]
pub struct Rule {
    pub at: String,
    pub message: String,
    pub is_about_a_change: bool,
}

impl Kind {
    pub fn cases(self) -> Vec<Case> {
        let (own, name) = match self {
            Self::Producer => (include_str!("producer.yaml"), "NotifProducer"),
            Self::Consumer => (include_str!("consumer.yaml"), "NotifConsumer"),
        };
        let mut cases: Vec<Case> = serde_yaml::from_str(own).unwrap();
        let both: Vec<Case> = serde_yaml::from_str(include_str!("both.yaml")).unwrap();
        cases.extend(both);
        assert!(!cases.is_empty(), "{name}");
        cases
    }

    pub fn wrong(self) -> Vec<Wrong> {
        serde_yaml::from_str(match self {
            Self::Producer => include_str!("../../invalid/producer.yaml"),
            Self::Consumer => include_str!("../../invalid/consumer.yaml"),
        })
        .unwrap()
    }

    pub fn example(self) -> Value {
        serde_yaml::from_str(match self {
            Self::Producer => include_str!("../../../examples/producer.yaml"),
            Self::Consumer => include_str!("../../../examples/consumer.yaml"),
        })
        .unwrap()
    }

    /// The example after the changes, made one after the other.
    pub fn with<'a>(self, changes: impl IntoIterator<Item = &'a Value>) -> Value {
        let mut document = self.example();
        changes.into_iter().for_each(|change| merge(&mut document, change));
        document
    }

    pub fn schema(self) -> Value {
        let crd = match self {
            Self::Producer => NotifProducer::crd(),
            Self::Consumer => NotifConsumer::crd(),
        };
        serde_json::to_value(&crd.spec.versions[0].schema.as_ref().unwrap().open_api_v3_schema).unwrap()
    }

    pub fn rules(self) -> Vec<Rule> {
        let mut found = Vec::new();
        collect("", &self.schema(), &mut found);
        found
    }
}

fn collect(at: &str, schema: &Value, found: &mut Vec<Rule>) {
    for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
        let text = |key: &str| rule[key].as_str().unwrap_or_default().to_owned();
        let is_about_a_change = text("rule").contains("oldSelf");
        found.push(Rule { at: at.to_owned(), message: text("message"), is_about_a_change });
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        collect(&at, property, found);
    }
    if let Some(items) = schema.get("items") {
        collect(&format!("{at}[]"), items, found);
    }
    if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
        collect(&format!("{at}.*"), values, found);
    }
}
