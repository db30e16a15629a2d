//! Resources that are wrong in many ways. The API server refuses each, or stores it and validation finds the fault; the
//! field is named.

use hoopoe_crds::Manifest;
use serde_json::{Value, json};

use super::{
    plane::{complaints, plane},
    table::{By, KINDS, Kind, Wrong},
};

/// What `hoopoe dev` reports.
fn dev_says(document: &Value) -> String {
    match Manifest::from_value(document) {
        Err(error) => error.to_string(),
        Ok(manifest) => {
            let found = manifest.unwrap().broken_rules();
            let each: Vec<_> = found.iter().map(|invalid| format!("{} {}", invalid.field, invalid.detail)).collect();
            each.join("\n")
        }
    }
}

/// The full path, or for a missing field the words in which serde reports it.
fn names(said: &str, field: &str) -> bool {
    let missing = field.rsplit_once('.').map(|(parent, leaf)| format!("{parent}: missing field `{leaf}`"));
    said.contains(field) || missing.is_some_and(|missing| said.contains(&missing))
}

fn document(kind: Kind, index: usize, wrong: &Wrong) -> Value {
    kind.with([&json!({ "metadata": { "name": format!("wrong-{index}") } }), &wrong.change])
}

#[test]
fn dev_refuses_each_and_names_the_field() {
    let mut count = 0;
    for kind in KINDS {
        for (index, wrong) in kind.wrong().iter().enumerate() {
            let said = dev_says(&document(kind, index, wrong));
            match wrong.by {
                By::Server | By::Decoding | By::Validate => assert!(names(&said, &wrong.blames), "{wrong:?}: {said}"),
                By::Operator => assert_eq!(said, "", "{wrong:?}: this is for the table's first two"),
            }
            count += 1;
        }
    }
    assert!(count >= 50, "{count}");
}

#[test]
fn dev_takes_and_refuses_what_the_rules_take_and_refuse() {
    for kind in KINDS {
        for case in kind.cases() {
            for change in &case.accept {
                assert_eq!(dev_says(&kind.with(case.from.iter().chain([change]))), "", "{}: {}", case.at, case.message);
            }
            // A rule about a change needs the resource before the change, and `dev` keeps none.
            let rejected = case.reject.iter().filter(|_| case.from.is_none());
            for change in rejected {
                let said = dev_says(&kind.with([change]));
                let parent = case.blames.rsplit_once('.').map_or("", |(parent, _)| parent);
                assert!(said.contains(parent) && !said.is_empty(), "{}: {}: {said}", case.blames, case.message);
            }
        }
    }
}

#[tokio::test]
async fn the_api_server_refuses_each_and_names_the_field_or_validation_does() {
    let plane = plane("invalid").await;
    for kind in KINDS {
        let table = kind.wrong();
        let each = table.iter().enumerate().map(|(index, wrong)| (wrong, document(kind, index, wrong)));
        let (undecodable, table): (Vec<_>, Vec<_>) = each.partition(|(wrong, _)| wrong.by == By::Decoding);
        for (wrong, document) in undecodable {
            // The answer does not say which document it is about.
            let args = ["-n", "invalid", "create", "--dry-run=server", "-f", "-"];
            let output = plane.kubectl_with(&args, &document.to_string()).await.unwrap();
            let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && complaint.contains(&wrong.blames), "{wrong:?}: {complaint}");
        }
        let documents: Vec<_> = table.iter().map(|(_, document)| document.clone()).collect();
        let found =
            complaints(&plane, &["-n", "invalid", "create", "--dry-run=server", "--validate=strict"], &documents).await;
        for (wrong, document) in &table {
            let complaint = found.get(document["metadata"]["name"].as_str().unwrap());
            match wrong.by {
                By::Server => {
                    let Some(complaint) = complaint else { panic!("the API server accepted {wrong:?}") };
                    assert!(complaint.contains(&wrong.blames), "{wrong:?}: {complaint}");
                }
                By::Decoding | By::Validate | By::Operator => assert_eq!(complaint, None, "{wrong:?}"),
            }
        }
    }
}
