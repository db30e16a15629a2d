//! The resources of `crds/tests/invalid` that the API server stores: Stalled, with a reason that names the field.

use std::collections::BTreeMap;

use hoopoe_crds::Manifest;
use hoopoe_operator::{
    resource::{Kind, Meta, ResourceId},
    status::Mends,
    validate::{self, ValidateError},
};
use serde_json::Value;

const TABLES: [(&str, &str); 2] = [
    (include_str!("../../../crds/examples/producer.yaml"), include_str!("../../../crds/tests/invalid/producer.yaml")),
    (include_str!("../../../crds/examples/consumer.yaml"), include_str!("../../../crds/tests/invalid/consumer.yaml")),
];

fn meta(kind: Kind, name: &str) -> Meta {
    Meta {
        id: ResourceId { kind, namespace: "shop".to_owned(), name: name.to_owned() },
        uid: "1".to_owned(),
        generation: 1,
        created_at: 0,
        deleted_at: None,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
    }
}

fn validated(document: &Value) -> Result<(), ValidateError> {
    match Manifest::from_value(document).unwrap().unwrap() {
        Manifest::Producer(it) => validate::validate(&meta(Kind::Producer, &it.metadata.name), &it.spec).map(drop),
        Manifest::Consumer(it) => validate::validate(&meta(Kind::Consumer, &it.metadata.name), &it.spec).map(drop),
    }
}

#[test]
fn what_the_api_server_stores_is_stalled_and_the_field_is_named() {
    let mut count = 0;
    for (example, table) in TABLES {
        let example: Value = serde_yaml::from_str(example).unwrap();
        validated(&example).unwrap();
        let table: Vec<Value> = serde_yaml::from_str(table).unwrap();
        for wrong in table.iter().filter(|wrong| wrong["by"] == "operator" || wrong["by"] == "validate") {
            let mut document = example.clone();
            json_patch::merge(&mut document, &wrong["change"]);
            let Err(error) = validated(&document) else { panic!("{wrong} is taken") };
            let problem = error.problem();
            assert!(problem.message.contains(wrong["blames"].as_str().unwrap()), "{wrong}: {problem:?}");
            assert_eq!((problem.reason, problem.mends), ("FieldsInvalid", Mends::Change));
            count += 1;
        }
    }
    assert!(count >= 8, "{count}");
}
