//! What every child has: its name, labels, annotations and owner.

use std::collections::BTreeMap;

use hoopoe_crds::{manifest::API_VERSION, workload::Workload};
use serde_json::{Map, Value, json};

use super::{Child, ChildKind};
use crate::{
    names::{Component, MANAGED_BY, MANAGED_BY_LABEL},
    resource::Meta,
};

/// The owner of a child, and the component that the child belongs to.
#[derive(Clone, Copy)]
pub(super) struct Family<'a> {
    pub meta: &'a Meta,
    pub workload: &'a Workload,
    pub component: Component,
}

impl Family<'_> {
    /// The labels of the spec, overridden by those that identify our objects.
    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.workload.labels.clone();
        labels.extend(self.component.selector(&self.meta.id));
        labels.insert("app.kubernetes.io/part-of".to_owned(), "hoopoe".to_owned());
        labels.insert(MANAGED_BY_LABEL.to_owned(), MANAGED_BY.to_owned());
        labels
    }

    /// The name of its Deployment, and of most objects that belong to it.
    pub(super) fn name(&self) -> String {
        self.component.child_name(&self.meta.id)
    }

    /// A child. `body`: everything except `apiVersion`, `kind` and `metadata`.
    pub(super) fn child(&self, kind: ChildKind, name: String, body: Value) -> Child {
        self.child_with(kind, name, &BTreeMap::new(), &BTreeMap::new(), body)
    }

    /// The same, with labels and annotations of its own.
    pub(super) fn child_with(
        &self,
        kind: ChildKind,
        name: String,
        labels: &BTreeMap<String, String>,
        annotations: &BTreeMap<String, String>,
        body: Value,
    ) -> Child {
        let resource = kind.resource();
        let mut all_labels = labels.clone();
        all_labels.extend(self.labels());
        let mut all_annotations = self.workload.annotations.clone();
        all_annotations.extend(annotations.clone());
        let mut metadata = Map::from_iter([
            ("name".to_owned(), json!(name)),
            ("namespace".to_owned(), json!(self.meta.id.namespace)),
            ("labels".to_owned(), json!(all_labels)),
            ("ownerReferences".to_owned(), json!([self.owner()])),
        ]);
        if !all_annotations.is_empty() {
            metadata.insert("annotations".to_owned(), json!(all_annotations));
        }
        let mut object = Map::from_iter([
            ("apiVersion".to_owned(), json!(resource.api_version)),
            ("kind".to_owned(), json!(resource.kind)),
            ("metadata".to_owned(), Value::Object(metadata)),
        ]);
        if let Value::Object(body) = body {
            object.extend(body);
        }
        Child { kind, name, object: Value::Object(object), initial_replicas: None }
    }

    fn owner(&self) -> Value {
        let id = &self.meta.id;
        json!({
            "apiVersion": API_VERSION,
            "kind": id.kind.as_str(),
            "name": id.name,
            "uid": self.meta.uid,
            "controller": true,
            "blockOwnerDeletion": true,
        })
    }
}
