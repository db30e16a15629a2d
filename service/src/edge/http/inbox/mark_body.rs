//! Parses the body of a mark once, and names every fault.

use std::{collections::HashSet, fmt};

use hoopoe_web::FieldFault;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;
use uuid::{Uuid, fmt::Hyphenated};

use crate::{
    edge::http::Problem,
    store::{Mark, MarkState, Position},
};

/// The most ids of one mark.
pub(super) const MAX_IDS: usize = 1000;
/// The most faults that one answer lists, because a thousand wrong ids are one mistake.
const MAX_FAULTS: usize = 20;

/// Reads a mark.
pub(super) fn mark_body(body: &[u8]) -> Result<Mark, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::not_json("it is not UTF-8"))?;
    let Fields(fields) = serde_json::from_str(text).map_err(|error| {
        if error.is_data() { Problem::not_json("a mark must be a JSON object") } else { Problem::not_json(error) }
    })?;
    let mut faults = Faults::default();
    let (mut ids, mut upto, mut state) = (None, None, None);
    let mut seen = HashSet::new();
    for (name, value) in &fields {
        if !seen.insert(name.as_str()) {
            faults.add(name, "must be given at most once");
            continue;
        }
        match name.as_str() {
            "ids" => ids = Some(read_ids(value, &mut faults)),
            "upto" => upto = Some(read_upto(value, &mut faults)),
            "as" => state = read_state(value, &mut faults),
            _ => faults.add(name, "is unknown: the fields of a mark are ids, upto and as"),
        }
    }
    if !seen.contains("as") {
        faults.add("as", "is required");
    }
    match (seen.contains("ids"), seen.contains("upto")) {
        (true, true) => faults.add("upto", "must not be given together with ids"),
        (false, false) => faults.add("ids", "is required if upto is not given"),
        (true, false) | (false, true) => {}
    }
    if upto.is_some() && state.is_some_and(|state| !state.goes_up_to_a_head()) {
        let states = one_of(MarkState::goes_up_to_a_head);
        faults.add("as", format!("must be {states} if upto is given"));
    }
    match (faults.0.is_empty(), ids, upto.flatten(), state) {
        (true, Some(ids), None, Some(state)) => Ok(Mark::Ids { ids, state }),
        (true, None, Some(upto), Some(state)) => Ok(Mark::UpTo { upto, state }),
        (_, _, _, _) => Err(Problem::bad_fields(faults.0)),
    }
}

#[derive(Default)]
struct Faults(Vec<FieldFault>);

impl Faults {
    fn add(&mut self, field: impl Into<String>, detail: impl Into<String>) {
        if self.0.len() < MAX_FAULTS {
            self.0.push(FieldFault::new(field, detail));
        }
    }
}

fn read_ids(value: &Value, faults: &mut Faults) -> Vec<Uuid> {
    let Some(list) = value.as_array().filter(|list| (1..=MAX_IDS).contains(&list.len())) else {
        faults.add("ids", format!("must be an array of 1 to {MAX_IDS} ids"));
        return Vec::new();
    };
    let mut ids = Vec::with_capacity(list.len());
    let mut known = HashSet::with_capacity(list.len());
    for (i, id) in list.iter().enumerate() {
        match id.as_str().and_then(|id| id.parse::<Hyphenated>().ok()).map(Hyphenated::into_uuid) {
            Some(id) if known.insert(id) => ids.push(id),
            Some(_) => {}
            None => faults.add(format!("ids[{i}]"), "must be the id of an item, a UUID"),
        }
    }
    ids
}

fn read_upto(value: &Value, faults: &mut Faults) -> Option<Position> {
    let position = value.as_str().and_then(|text| text.parse().ok());
    if position.is_none() {
        faults.add("upto", "must be <epoch>-<rev> as a head gives it, e.g. 1.1763700000-42");
    }
    position
}

fn read_state(value: &Value, faults: &mut Faults) -> Option<MarkState> {
    let state = value.as_str().and_then(MarkState::named);
    if state.is_none() {
        faults.add("as", format!("must be {}", one_of(|_| true)));
    }
    state
}

/// The names of states: "seen, read or archived".
fn one_of(allowed: impl Fn(MarkState) -> bool) -> String {
    let names: Vec<_> = MarkState::ALL.into_iter().filter(|state| allowed(*state)).map(MarkState::name).collect();
    match names.as_slice() {
        [earlier @ .., last] if !earlier.is_empty() => format!("{} or {last}", earlier.join(", ")),
        names => names.concat(),
    }
}

/// The members of an object in their order. A map would hide a repeated member.
struct Fields(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(body: &str) -> (u16, String) {
        let problem = mark_body(body.as_bytes()).expect_err(body);
        let status = problem.status().as_u16();
        match problem.code() {
            "invalid_field" => (status, problem.errors()[0].field.clone()),
            "not_json" => (status, String::new()),
            other => panic!("{other}: {problem}"),
        }
    }

    #[test]
    fn both_forms_are_read() {
        let id = Uuid::now_v7();
        let by_id = format!(r#"{{"ids": ["{id}", "{id}"], "as": "unread"}}"#);
        assert_eq!(mark_body(by_id.as_bytes()), Ok(Mark::Ids { ids: vec![id], state: MarkState::Unread }));
        let upto = "1.5-7".parse().unwrap();
        let by_head = br#"{"upto": "1.5-7", "as": "archived"}"#;
        assert_eq!(mark_body(by_head), Ok(Mark::UpTo { upto, state: MarkState::Archived }));
    }

    #[test]
    fn every_fault_names_its_field() {
        let id = Uuid::nil();
        for (body, field) in [
            (r#"{"as": "read"}"#.to_owned(), "ids"),
            (r#"{"ids": [], "as": "read"}"#.to_owned(), "ids"),
            (r#"{"ids": null, "as": "read"}"#.to_owned(), "ids"),
            (format!(r#"{{"ids": ["{id}", "x"], "as": "read"}}"#), "ids[1]"),
            (format!(r#"{{"ids": ["{id}", 7], "as": "read"}}"#), "ids[1]"),
            (format!(r#"{{"ids": ["{id}"]}}"#), "as"),
            (format!(r#"{{"ids": ["{id}"], "as": "gone"}}"#), "as"),
            (format!(r#"{{"ids": ["{id}"], "as": "read", "to": 1}}"#), "to"),
            (format!(r#"{{"ids": ["{id}"], "as": "read", "as": "read"}}"#), "as"),
            (format!(r#"{{"ids": ["{id}"], "upto": "1.5-7", "as": "read"}}"#), "upto"),
            (r#"{"upto": "7", "as": "read"}"#.to_owned(), "upto"),
            (r#"{"upto": "1.5-7", "as": "unread"}"#.to_owned(), "as"),
            (r#"{"upto": "1.5-7", "as": "unarchived"}"#.to_owned(), "as"),
        ] {
            assert_eq!(fault(&body), (422, field.to_owned()), "{body}");
        }
        for body in ["", "{", "[]", "7", "{\"as\":", &format!("{{\"ids\":{}", "[".repeat(10_000))] {
            assert_eq!(fault(body), (400, String::new()));
        }
        assert!(mark_body(b"{\"as\": \"\xff\"}").is_err());
    }

    #[test]
    fn a_thousand_ids_are_taken_and_one_more_is_not() {
        let body = |count: usize| {
            let ids: Vec<_> = (0..count).map(|_| Uuid::now_v7()).collect();
            serde_json::json!({"ids": ids, "as": "seen"}).to_string()
        };
        assert!(mark_body(body(1000).as_bytes()).is_ok());
        assert_eq!(fault(&body(1001)), (422, "ids".to_owned()));
    }
}
