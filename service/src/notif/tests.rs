//! The contract of `NotifData`, field by field.

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::timestamp::Timestamp;

const NOW: Timestamp = Timestamp::from_micros(1_763_700_000_000_000);

fn arrival() -> Arrival<'static> {
    Arrival { exchange: "shop.events", body_bytes: 65_536, now: NOW, idempotency_key: None, item: None }
}

fn http(body: &Value) -> Result<Notification, ParseError> {
    from_http(body.to_string().as_bytes(), &arrival())
}

fn amqp(body: &Value) -> Result<Received, ParseError> {
    from_amqp(body.to_string().as_bytes(), &arrival(), &Envelope::default())
}

/// A valid body with one field set.
fn with(field: &str, value: Value) -> Value {
    let mut body = json!({ "owner": "alice", "kind": "k" });
    body[field] = value;
    body
}

/// The fields that an answer names.
fn blamed(result: Result<Notification, ParseError>) -> Vec<String> {
    match result {
        Err(ParseError::Fields(faults)) => faults.into_iter().map(|fault| fault.field).collect(),
        other => panic!("expected faults of fields, got {other:?}"),
    }
}

#[test]
fn every_limit_holds_to_the_byte() {
    for (field, min, max) in
        [("id", 1, 255), ("owner", 1, 190), ("kind", 1, 64), ("actor", 0, 190), ("title", 0, 512), ("body", 0, 32_768)]
    {
        for (length, fits) in [(min, true), (max, true), (max + 1, false)] {
            let result = http(&with(field, json!("x".repeat(length))));
            assert_eq!(result.is_ok(), fits, "{field} of {length} bytes: {result:?}");
            if !fits {
                assert_eq!(blamed(result), [field]);
            }
        }
        if min > 0 {
            assert_eq!(blamed(http(&with(field, json!("")))), [field]);
        }
        // The limit counts bytes, not characters: an emoji has four.
        let emojis = "🦤".repeat(max / 4 + 1);
        assert_eq!(blamed(http(&with(field, json!(emojis)))), [field]);
        assert!(http(&with(field, json!("🦤".repeat(max / 4)))).is_ok(), "{field}");
        assert_eq!(blamed(http(&with(field, json!("a\u{0}b")))), [field], "NUL in {field}");
        assert_eq!(blamed(http(&with(field, json!(7)))), [field]);
    }
    for field in ["id", "owner", "kind"] {
        assert_eq!(blamed(http(&with(field, json!("a\nb")))), [field], "control character in {field}");
    }
    for (priority, fits) in [
        (json!(0), true),
        (json!(9), true),
        (json!(10), false),
        (json!(-1), false),
        (json!(1.5), false),
        (json!("1"), false),
    ] {
        assert_eq!(http(&with("priority", priority.clone())).is_ok(), fits, "{priority}");
    }
    let times = [
        (json!(0), true),
        (json!(-1), false),
        (json!(7_258_118_400_i64), true),
        (json!(7_258_118_401_i64), false),
        (json!(1_763_700_000.25), true),
        (json!("1970-01-01T00:00:00Z"), true),
        (json!("1969-12-31T23:59:59Z"), false),
        (json!("2200-01-01T00:00:00Z"), true),
        (json!("2200-01-01T00:00:01Z"), false),
        (json!("yesterday"), false),
        (json!(1e300), false),
        (json!(true), false),
    ];
    for (time, fits) in times {
        assert_eq!(http(&with("created_at", time.clone())).is_ok(), fits, "{time}");
    }
    assert_eq!(blamed(http(&with("expires_at", json!(1_763_700_000)))), ["expires_at"]);
    assert!(http(&with("expires_at", json!("2199-12-31T23:59:59Z"))).is_ok());
    assert_eq!(blamed(http(&with("expires_at", json!("2200-01-01T00:00:01Z")))), ["expires_at"]);
}

#[test]
fn data_is_kept_as_received_to_a_depth() {
    let nested =
        |depth: usize| format!(r#"{{"owner":"a","kind":"k","data":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(from_http(nested(128).as_bytes(), &arrival()).is_ok());
    for too_deep in [129, 1_023] {
        assert_eq!(blamed(from_http(nested(too_deep).as_bytes(), &arrival())), ["data"], "{too_deep}");
    }
    for absurd in [1_024, 10_000, 30_000] {
        assert!(matches!(from_http(nested(absurd).as_bytes(), &arrival()), Err(ParseError::NotJson(_))), "{absurd}");
    }
    // Deep nesting in another field is no fault of `data`.
    let elsewhere = nested(200).replace("\"data\"", "\"data\":[1],\"title\"");
    assert_eq!(blamed(from_http(elsewhere.as_bytes(), &arrival())), ["title"]);
    for data in [r#"{ "a" : 1e400000 }"#, r#""\u0000""#, r#""\ud800""#, "1.10", r#"{"a":1,"a":2}"#] {
        let body = format!(r#"{{"owner":"a","kind":"k","data": {data} }}"#);
        let notification = from_http(body.as_bytes(), &arrival()).unwrap();
        assert_eq!(notification.content.data.as_ref().map(Json::as_str), Some(data));
        let again = from_amqp(&to_wire(&notification), &arrival(), &Envelope::default()).unwrap();
        assert_eq!(again.notification.content.data.as_ref().map(Json::as_str), Some(data));
    }
    assert_eq!(http(&with("data", Value::Null)).unwrap().content.data, None);
}

#[test]
fn a_body_is_limited_as_received_and_amqp_takes_four_kib_more() {
    let body = |size: usize| {
        let frame = json!({ "owner": "a", "kind": "k", "data": "" }).to_string().len();
        json!({ "owner": "a", "kind": "k", "data": "x".repeat(size - frame) }).to_string()
    };
    assert!(from_http(body(65_536).as_bytes(), &arrival()).is_ok());
    let error = from_http(body(65_537).as_bytes(), &arrival()).unwrap_err();
    assert_eq!(error, ParseError::TooLarge { size: 65_537, limit: 65_536 });
    assert!(from_amqp(body(69_632).as_bytes(), &arrival(), &Envelope::default()).is_ok());
    assert!(from_amqp(body(69_633).as_bytes(), &arrival(), &Envelope::default()).is_err());
}

#[test]
fn names_of_the_original_are_taken_and_none_twice() {
    let original = json!({
        "receiver_info": "a", "action_type": "k", "actioner_info": "b", "action_data": [1], "fired_at": 5,
        "is_seen": false,
    });
    let notification = http(&original).unwrap();
    assert_eq!(
        (notification.owner.as_str(), notification.content.kind.as_str(), notification.content.actor.as_str()),
        ("a", "k", "b")
    );
    assert_eq!(
        (notification.content.data.as_ref().map(Json::as_str), notification.created_at.seconds()),
        (Some("[1]"), 5)
    );
    let aliases = [
        ("receiver_info", "owner", r#""x""#),
        ("action_type", "kind", r#""x""#),
        ("actioner_info", "actor", r#""x""#),
        ("action_data", "data", "[1]"),
        ("fired_at", "created_at", "7"),
    ];
    let required = [("owner", r#""a""#), ("kind", r#""k""#)];
    for (alias, name, value) in aliases {
        let others = required.iter().filter(|(field, _)| *field != name).map(|(field, v)| format!(r#","{field}":{v}"#));
        let rest = others.collect::<Vec<_>>().concat();
        let by = |name: &str| from_http(format!(r#"{{"id":"x","{name}":{value}{rest}}}"#).as_bytes(), &arrival());
        assert_eq!(by(alias), by(name), "{alias} is {name}");
        for (first, second) in [(name, alias), (alias, name), (alias, alias), (name, name)] {
            let body = format!(r#"{{"{first}":{value},"{second}":{value}{rest}}}"#);
            assert_eq!(blamed(from_http(body.as_bytes(), &arrival())), [second], "{first} and {second}");
            let escaped = body.replacen('_', "\\u005f", 1);
            assert_eq!(blamed(from_http(escaped.as_bytes(), &arrival())), [second], "{escaped}");
        }
    }
    let twice = r#"{"owner":"a","kind":"k","title":"1","title":"2"}"#;
    assert_eq!(blamed(from_http(twice.as_bytes(), &arrival())), ["title"]);
    assert!(from_amqp(twice.as_bytes(), &arrival(), &Envelope::default()).is_err());
}

#[test]
fn faults_are_named_all_at_once_and_never_with_their_value() {
    let result = http(&json!({ "owner": "", "title": 1, "priority": 99, "secret_field": "secret value" }));
    let Err(error) = result.clone() else { panic!("{result:?}") };
    assert_eq!(blamed(result), ["owner", "priority", "title", "secret_field", "kind"]);
    assert!(!error.to_string().contains("secret value"), "{error}");
    let not_object = from_http(br#""secret value""#, &arrival()).unwrap_err().to_string();
    assert!(not_object.contains("object") && !not_object.contains("secret"), "{not_object}");
    for not_json in [&b""[..], b"{", b"[]", b"\xff\xfe", b"null", b"{\"owner\":}", b"{} {}"] {
        assert!(matches!(from_http(not_json, &arrival()), Err(ParseError::NotJson(_))), "{not_json:?}");
    }
    let many: Value = (0..50).map(|i| (format!("f{i}"), json!(1))).collect::<serde_json::Map<_, _>>().into();
    assert_eq!(blamed(http(&many)).len(), limits::FAULTS);
}

#[test]
fn unknown_fields_are_counted_on_amqp() {
    assert_eq!(amqp(&with("extra", json!(1))).unwrap().unknown_fields, 1);
    // However many unknown fields there are, a known field and its repeat behind them are still found.
    let extra = (0..5_000).map(|i| format!(r#""f{i}":{i}"#)).collect::<Vec<_>>().join(",") + ",";
    let body = format!(r#"{{{extra}"owner":"a","kind":"k"}}"#);
    let received = from_amqp(body.as_bytes(), &arrival(), &Envelope::default()).unwrap();
    assert_eq!((received.unknown_fields, received.notification.owner.as_str()), (5_000, "a"));
    let twice = body.replace(r#","kind""#, r#","receiver_info":"b","kind""#);
    let error = from_amqp(twice.as_bytes(), &arrival(), &Envelope::default()).unwrap_err();
    let ParseError::Fields(faults) = error else { panic!("{error:?}") };
    assert_eq!(faults.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(), ["receiver_info"]);
    // Repeats do not hide a missing field either.
    let owners = r#""owner":"a","#.repeat(100);
    let faults = blamed(from_http(format!(r#"{{{owners}"title":"t"}}"#).as_bytes(), &arrival()));
    assert_eq!(faults.len(), limits::FAULTS);
}

#[test]
fn a_name_is_repeated_short_and_on_one_line() {
    let name = format!("a\n\0{}", "é".repeat(100));
    let faults = blamed(http(&with(&name, json!(1))));
    assert_eq!(faults, [format!("a??{}", "é".repeat(30))]);
}

#[test]
fn ids_come_from_the_body_then_the_key_then_the_envelope_then_the_bytes() {
    let body = json!({ "owner": "a", "kind": "k" });
    let text = http(&with("id", json!("order-1"))).unwrap();
    assert_eq!(text.source_id.as_deref(), Some("order-1"));
    let keyed = Arrival { idempotency_key: Some("order-1"), ..arrival() };
    let key = from_http(body.to_string().as_bytes(), &keyed).unwrap();
    assert_eq!((key.id, key.source_id), (text.id, None));
    let item = Arrival { item: Some(2), ..keyed };
    let item = from_http(body.to_string().as_bytes(), &item).unwrap();
    assert_eq!(item.id, amqp(&with("id", json!("order-1#2"))).unwrap().notification.id);
    let both = from_http(with("id", json!("other")).to_string().as_bytes(), &keyed).unwrap();
    assert_eq!(both.source_id.as_deref(), Some("other"));

    let bytes = body.to_string();
    let envelope = Envelope { message_id: Some("order-1"), timestamp: None };
    let by_message_id = from_amqp(bytes.as_bytes(), &arrival(), &envelope).unwrap();
    assert_eq!((by_message_id.notification.id, by_message_id.derived_id), (text.id, false));
    let by_bytes = amqp(&body).unwrap();
    assert!(by_bytes.derived_id);
    assert_eq!(by_bytes.notification.id, amqp(&body).unwrap().notification.id, "a redelivery has the same id");
    let later = Envelope { message_id: Some("a\nb"), timestamp: Some(Timestamp::from_micros(7_000_000)) };
    let later = from_amqp(bytes.as_bytes(), &arrival(), &later).unwrap();
    assert!(later.derived_id);
    assert_ne!(later.notification.id, by_bytes.notification.id);
    assert_ne!(http(&body).unwrap().id, http(&body).unwrap().id);
}

#[test]
fn without_a_time_it_is_that_of_a_uuid_v7_then_the_envelopes_then_now() {
    let id = Uuid::parse_str("01932c07-209c-7d3a-8000-000000000000").unwrap();
    assert_eq!(http(&with("id", json!(id))).unwrap().created_at.micros(), 1_731_610_484_892_000);
    let envelope = Envelope { message_id: Some("x"), timestamp: Some(Timestamp::from_micros(7_000_000)) };
    let body = with("title", json!("t")).to_string();
    let received = from_amqp(body.as_bytes(), &arrival(), &envelope).unwrap();
    assert_eq!(received.notification.created_at.micros(), 7_000_000);
    assert_eq!(amqp(&with("id", json!("x"))).unwrap().notification.created_at, NOW);
}

fn any_notification() -> impl Strategy<Value = Value> {
    let text = |max: usize| proptest::string::string_regex(&format!("[^\\x00-\\x1f\\x7f-\\x9f]{{1,{max}}}")).unwrap();
    (
        (text(40), text(16), proptest::option::of(text(60)), text(40)),
        (text(100), text(300), any::<Option<i64>>(), 0u8..10),
        (0i64..7_258_118_400_000_000, proptest::option::of(0i64..7_258_118_400)),
    )
        .prop_map(|((owner, kind, id, actor), (title, body, data, priority), (created, expires))| {
            json!({
                "owner": owner, "kind": kind, "id": id, "actor": actor, "title": title, "body": body,
                "data": data, "priority": priority,
                "created_at": Timestamp::from_micros(created),
                "expires_at": expires.map(|seconds| Timestamp::from_micros(seconds * 1_000_000)),
            })
        })
}

/// Any JSON at all.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// An object with any JSON as the values of known fields.
fn any_fields() -> impl Strategy<Value = Value> {
    const NAMES: [&str; 11] =
        ["id", "owner", "kind", "action_type", "actor", "title", "data", "priority", "created_at", "expires_at", "x"];
    prop::collection::hash_map(prop::sample::select(&NAMES[..]), any_json(), 0..8)
        .prop_map(|map| Value::Object(map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
}

proptest! {
    /// Any body is either accepted within its limits and read back unchanged, or refused by the names of fields that
    /// were sent or are required.
    #[test]
    fn any_json_is_taken_or_refused_by_name(body in prop_oneof![any_json(), any_fields()]) {
        match http(&body) {
            Ok(sent) => {
                let received = from_amqp(&to_wire(&sent), &arrival(), &Envelope::default()).unwrap();
                prop_assert_eq!(received.notification, sent);
            }
            Err(ParseError::Fields(faults)) => {
                prop_assert!((1..=limits::FAULTS).contains(&faults.len()));
                for FieldError { field, .. } in faults {
                    // A long or odd name is repeated in a shortened form.
                    let sent = body.as_object().is_some_and(|map| map.keys().any(|name| name.starts_with(&field)));
                    let odd = field.contains('?') || field.len() > 60;
                    prop_assert!(sent || odd || field == "owner" || field == "kind", "{field}");
                }
            }
            Err(ParseError::NotJson(_)) => prop_assert!(!body.is_object()),
            Err(ParseError::TooLarge { .. }) => prop_assert!(body.to_string().len() > 65_536),
        }
    }

    /// Both ends of the queue see the same notification, to the microsecond.
    #[test]
    fn what_a_producer_publishes_is_what_a_consumer_reads(body in any_notification()) {
        let sent = http(&body).unwrap();
        let received = from_amqp(&to_wire(&sent), &arrival(), &Envelope::default()).unwrap();
        prop_assert_eq!(received.unknown_fields, 0);
        prop_assert!(!received.derived_id);
        prop_assert_eq!(received.notification, sent);
    }

    /// A producer never makes a body so much larger that a consumer refuses it.
    #[test]
    fn the_wire_form_fits_what_a_consumer_takes(body in any_notification()) {
        let body = body.to_string();
        let sent = from_http(body.as_bytes(), &arrival()).unwrap();
        prop_assert!(to_wire(&sent).len() <= body.len() + limits::ADDED_BY_PRODUCER);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = from_http(&bytes, &arrival());
        let _ = from_amqp(&bytes, &arrival(), &Envelope::default());
    }

    #[test]
    fn no_json_like_text_makes_it_panic(text in r#"[\{\}\[\]",:0-9a-z\\ue\-\. ]{0,200}"#) {
        let _ = from_http(text.as_bytes(), &arrival());
        let _ = from_amqp(text.as_bytes(), &arrival(), &Envelope::default());
    }
}
