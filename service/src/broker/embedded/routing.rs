//! Which bindings take a message, as AMQP 0.9.1 and RabbitMQ define it.

use std::collections::BTreeMap;

use hoopoe_crds::worker_config::ExchangeType;
use serde_json::{Map, Value};

/// How a binding of a headers exchange counts its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum XMatch {
    All,
    Any,
    AllWithX,
    AnyWithX,
}

/// Whether the exchange can have this binding: `x-match` must be `all`, `any`, `all-with-x` or `any-with-x`. The error
/// repeats the value that was found.
pub(super) fn check(kind: ExchangeType, arguments: &Map<String, Value>) -> Result<(), String> {
    match kind {
        ExchangeType::Headers => x_match(arguments).map(drop),
        ExchangeType::Topic | ExchangeType::Direct | ExchangeType::Fanout => Ok(()),
    }
}

/// Whether a binding takes a message with this routing key and these headers.
pub(super) fn takes(
    kind: ExchangeType,
    binding_key: &str,
    arguments: &Map<String, Value>,
    routing_key: &str,
    headers: &BTreeMap<String, String>,
) -> bool {
    match kind {
        ExchangeType::Fanout => true,
        ExchangeType::Direct => binding_key == routing_key,
        ExchangeType::Topic => topic(binding_key, routing_key),
        ExchangeType::Headers => headers_match(arguments, headers),
    }
}

/// `*` stands for one word, `#` for none or more. The empty key has no word, `a.` has two.
fn topic(pattern: &str, key: &str) -> bool {
    let words = |text: &'_ str| -> Vec<String> {
        if text.is_empty() { Vec::new() } else { text.split('.').map(str::to_owned).collect() }
    };
    let (pattern, key) = (words(pattern), words(key));
    // reached[i]: the words of the pattern so far match the first i words of the key. There is no backtracking, which
    // would take exponential time for a pattern with many `#`.
    let mut reached = vec![false; key.len() + 1];
    reached[0] = true;
    for word in &pattern {
        let mut next = vec![false; key.len() + 1];
        for end in 0..=key.len() {
            next[end] = match word.as_str() {
                "#" => reached[end] || (end > 0 && next[end - 1]),
                "*" => end > 0 && reached[end - 1],
                literal => end > 0 && reached[end - 1] && key[end - 1] == literal,
            };
        }
        reached = next;
    }
    reached[key.len()]
}

fn headers_match(arguments: &Map<String, Value>, headers: &BTreeMap<String, String>) -> bool {
    let Ok(mode) = x_match(arguments) else { return false };
    let with_x = matches!(mode, XMatch::AllWithX | XMatch::AnyWithX);
    let mut wanted = arguments.iter().filter(|(name, _)| *name != "x-match" && (with_x || !name.starts_with("x-")));
    let is_met = |(name, value): (&String, &Value)| match (headers.get(name), value) {
        // An argument without a value only requires that the header exists.
        (Some(_), Value::Null) => true,
        (Some(header), Value::String(value)) => header == value,
        // Our headers are text, and AMQP compares types too.
        (None, _) | (Some(_), Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => false,
    };
    match mode {
        XMatch::All | XMatch::AllWithX => wanted.all(is_met),
        XMatch::Any | XMatch::AnyWithX => wanted.any(is_met),
    }
}

fn x_match(arguments: &Map<String, Value>) -> Result<XMatch, String> {
    match arguments.get("x-match") {
        None => Ok(XMatch::All),
        Some(Value::String(mode)) if mode == "all" => Ok(XMatch::All),
        Some(Value::String(mode)) if mode == "any" => Ok(XMatch::Any),
        Some(Value::String(mode)) if mode == "all-with-x" => Ok(XMatch::AllWithX),
        Some(Value::String(mode)) if mode == "any-with-x" => Ok(XMatch::AnyWithX),
        Some(other) => Err(format!("x-match must be all, any, all-with-x or any-with-x, got {other}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else { panic!("not an object") };
        map
    }

    fn headers(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn topic_patterns() {
        for (pattern, key, expected) in [
            ("order.*", "order.shipped", true),
            ("order.*", "order", false),
            ("order.*", "order.shipped.now", false),
            ("order.*", "order.", true),
            ("order.#", "order", true),
            ("order.#", "order.shipped.now", true),
            ("#", "", true),
            ("#", "a.b.c", true),
            ("*", "", false),
            ("", "", true),
            ("", "a", false),
            ("#.c", "c", true),
            ("#.c", "a.b.c", true),
            ("#.c", "a.c.b", false),
            ("a.#.z", "a.z", true),
            ("a.#.z", "a.b.c.z", true),
            ("a.#.z", "a", false),
            ("*.*", "a.b", true),
            ("*.#", "", false),
            ("#.#", "", true),
            ("a*", "ab", false),
            ("a.b", "a.b", true),
            ("A.b", "a.b", false),
        ] {
            assert_eq!(topic(pattern, key), expected, "{pattern} {key}");
        }
    }

    #[test]
    fn many_hashes_take_no_time() {
        let pattern = vec!["#"; 100].join(".") + ".never";
        assert!(!topic(&pattern, &vec!["a"; 120].join(".")));
    }

    #[test]
    fn direct_and_fanout() {
        let none = Map::new();
        let no_headers = BTreeMap::new();
        assert!(takes(ExchangeType::Direct, "a.*", &none, "a.*", &no_headers));
        assert!(!takes(ExchangeType::Direct, "a.*", &none, "a.b", &no_headers));
        assert!(takes(ExchangeType::Fanout, "x", &none, "y", &no_headers));
    }

    #[test]
    fn headers_of_both_modes() {
        let sent = headers(&[("kind", "order"), ("owner", "o"), ("x-tenant", "t")]);
        for (arguments, expected) in [
            (json!({}), true),
            (json!({"x-match": "any"}), false),
            (json!({"kind": "order"}), true),
            (json!({"kind": "order", "owner": "p"}), false),
            (json!({"x-match": "all", "kind": "order", "owner": "o"}), true),
            (json!({"x-match": "any", "kind": "order", "owner": "p"}), true),
            (json!({"x-match": "any", "kind": "k", "owner": "p"}), false),
            (json!({"kind": null}), true),
            (json!({"absent": null}), false),
            (json!({"kind": 1}), false),
            (json!({"x-tenant": "other"}), true),
            (json!({"x-match": "all-with-x", "x-tenant": "other"}), false),
            (json!({"x-match": "any-with-x", "x-tenant": "t"}), true),
        ] {
            let arguments = map(arguments);
            assert_eq!(headers_match(&arguments, &sent), expected, "{arguments:?}");
        }
        assert!(check(ExchangeType::Headers, &map(json!({"x-match": "some"}))).is_err());
        assert!(check(ExchangeType::Topic, &map(json!({"x-match": "some"}))).is_ok());
    }

    /// A direct implementation of the definition, slow but plain.
    fn by_definition(pattern: &[&str], key: &[&str]) -> bool {
        match (pattern.split_first(), key.split_first()) {
            (None, None) => true,
            (Some((&"#", rest)), _) => (0..=key.len()).any(|taken| by_definition(rest, &key[taken..])),
            (None, Some(_)) | (Some(_), None) => false,
            (Some((word, rest)), Some((first, others))) => {
                (*word == "*" || word == first) && by_definition(rest, others)
            }
        }
    }

    fn split(text: &str) -> Vec<&str> {
        if text.is_empty() { Vec::new() } else { text.split('.').collect() }
    }

    proptest! {
        #[test]
        fn topic_is_its_definition(
            pattern in prop::collection::vec(prop::sample::select(vec!["a", "b", "*", "#", ""]), 0..6),
            key in prop::collection::vec(prop::sample::select(vec!["a", "b", ""]), 0..6),
        ) {
            let (pattern, key) = (pattern.join("."), key.join("."));
            prop_assert_eq!(topic(&pattern, &key), by_definition(&split(&pattern), &split(&key)));
        }

        #[test]
        fn any_needs_one_of_what_all_needs(
            wanted in prop::collection::btree_map("[a-c]", "[x-z]", 1..4),
            sent in prop::collection::btree_map("[a-c]", "[x-z]", 0..4),
        ) {
            let with = |mode: &str| {
                let mut arguments = Map::new();
                arguments.insert("x-match".to_owned(), json!(mode));
                arguments.extend(wanted.iter().map(|(name, value)| (name.clone(), json!(value))));
                headers_match(&arguments, &sent)
            };
            let met = wanted.iter().filter(|(name, value)| sent.get(*name) == Some(*value)).count();
            prop_assert_eq!(with("all"), met == wanted.len());
            prop_assert_eq!(with("any"), met > 0);
        }
    }
}
