//! The rules, evaluated in this process.

use kube_cel::Validator;
use serde_json::Value;

use super::table::{Case, KINDS, Kind};

/// Every complaint, as `field: message`.
fn complaints(kind: Kind, document: &Value, old: Option<&Value>) -> Vec<(String, String)> {
    match Validator::new().validate(&kind.schema(), document, old) {
        Ok(()) => Vec::new(),
        Err(errors) => errors.into_vec().into_iter().map(|error| (error.field_path, error.message)).collect(),
    }
}

fn refused(kind: Kind, case: &Case, document: &Value, old: Option<&Value>) {
    let found = complaints(kind, document, old);
    let is = |(field, message): &(String, String)| *field == case.blames && message.starts_with(&case.message);
    assert!(found.iter().any(is), "{kind:?} {}: {}: {found:?}", case.at, case.message);
    // On an update, the rule that a name is immutable may complain too.
    assert!(found.len() == 1 || old.is_some(), "{kind:?} {}: {found:?}", case.at);
}

#[test]
fn every_rule_accepts_and_refuses_on_create_and_on_update() {
    for kind in KINDS {
        for case in kind.cases() {
            let before = kind.with(&case.from);
            assert!(!case.accept.is_empty() && !case.reject.is_empty(), "{}: {}", case.at, case.message);
            for change in &case.accept {
                let document = kind.with(case.from.iter().chain([change]));
                assert_eq!(complaints(kind, &document, None), [], "{}: {}", case.at, case.message);
                assert_eq!(complaints(kind, &document, Some(&before)), [], "{}: {}", case.at, case.message);
            }
            for change in &case.reject {
                let document = kind.with(case.from.iter().chain([change]));
                refused(kind, &case, &document, Some(&before));
                if case.from.is_some() {
                    // Without an earlier resource nothing was changed.
                    assert_eq!(complaints(kind, &document, None), [], "{}: {}", case.at, case.message);
                } else {
                    refused(kind, &case, &document, None);
                }
            }
        }
    }
}

#[test]
fn no_rule_lacks_a_case_and_no_case_a_rule() {
    for kind in KINDS {
        let (rules, cases) = (kind.rules(), kind.cases());
        let is = |case: &Case, at: &str, message: &str| case.at == at && message.starts_with(&case.message);
        for rule in &rules {
            let of_it: Vec<_> = cases.iter().filter(|case| is(case, &rule.at, &rule.message)).collect();
            assert_eq!(of_it.len(), 1, "cases of {kind:?} {}: {}", rule.at, rule.message);
            assert_eq!(of_it[0].from.is_some(), rule.is_about_a_change, "{}: {}", rule.at, rule.message);
        }
        for case in &cases {
            let known = rules.iter().any(|rule| is(case, &rule.at, &rule.message));
            assert!(known, "{kind:?} has no rule {}: {}", case.at, case.message);
        }
    }
}
