//! Feeds any bytes to the parser, as HTTP and as AMQP would. An accepted notification keeps every promise of the
//! contract, a refusal has a short reason, and nothing panics.
//!
//! The parser is compiled in by path and not through the crate `hoopoe`. So it needs six small crates instead of the
//! four hundred of the service, a build takes seconds, and only the code under test is instrumented.
#![no_main]
#![allow(dead_code, reason = "the service uses what the fuzzer does not")]

#[path = "../../service/src/notif/mod.rs"]
mod notif;
#[path = "../../service/src/timestamp.rs"]
mod timestamp;

use libfuzzer_sys::fuzz_target;
use notif::{Arrival, Envelope, Notification, ParseError, from_amqp, from_http, limits, to_wire};
use timestamp::Timestamp;

const BODY_BYTES: usize = 65_536;

fuzz_target!(|body: &[u8]| {
    let arrival = Arrival {
        exchange: "shop.events",
        body_bytes: BODY_BYTES,
        now: Timestamp::from_micros(1_763_700_000_000_000),
        idempotency_key: None,
        item: None,
    };
    let keyed = Arrival { idempotency_key: Some("key"), item: Some(3), ..arrival };
    // A message id and a time that no notification may have, because a client library may send anything there.
    let odd = Envelope { message_id: Some("a\nb"), timestamp: Some(Timestamp::from_micros(i64::MIN)) };

    let http = from_http(body, &arrival);
    let amqp = from_amqp(body, &arrival, &Envelope::default());
    for refused in [http.as_ref().err(), amqp.as_ref().err()].into_iter().flatten() {
        refusal_is_short(refused);
    }

    if let Ok(sent) = &http {
        limits_hold(sent);
        let wire = to_wire(sent);
        assert!(wire.len() <= body.len() + limits::ADDED_BY_PRODUCER, "{} from {}", wire.len(), body.len());
        let read = from_amqp(&wire, &arrival, &Envelope::default()).expect("a consumer takes what is published");
        assert_eq!(&read.notification, sent);
        assert!(!read.derived_id && read.unknown_fields == 0);
        let again = to_wire(&read.notification);
        assert_eq!(again, wire);

        // AMQP accepts what HTTP accepts, and an id in the body means the same in both.
        let received = amqp.as_ref().expect("AMQP refuses nothing that HTTP takes");
        assert_eq!(received.unknown_fields, 0);
        if !received.derived_id {
            assert_eq!(&received.notification, sent);
        }
    }

    if let Ok(received) = &amqp {
        limits_hold(&received.notification);
        let redelivered = from_amqp(body, &arrival, &Envelope::default()).expect("the same bytes");
        assert_eq!(redelivered.notification, received.notification);
        assert_eq!(redelivered.derived_id, received.derived_id);
        let oddly = from_amqp(body, &arrival, &odd).expect("an odd envelope refuses nothing");
        limits_hold(&oddly.notification);
        assert_eq!(oddly.derived_id, received.derived_id);
    }

    if let (Ok(first), Ok(second)) = (from_http(body, &keyed), from_http(body, &keyed)) {
        assert_eq!(first, second, "a repeat under one key is a repeat");
    }
});

fn limits_hold(notification: &Notification) {
    let Notification { owner, id: _, source_id, content, created_at, expires_at } = notification;
    let control = |text: &str| text.chars().any(char::is_control);
    assert!((1..=190).contains(&owner.as_str().len()) && !control(owner.as_str()));
    assert!((1..=64).contains(&content.kind.len()) && !control(&content.kind));
    if let Some(text) = source_id {
        assert!((1..=255).contains(&text.len()) && !control(text));
    }
    for (text, max) in [(&content.actor, 190), (&content.title, 512), (&content.body, 32_768)] {
        assert!(text.len() <= max && !text.contains('\0'));
    }
    if let Some(json) = &content.data {
        let value: &serde_json::value::RawValue = serde_json::from_str(json.as_str()).expect("data is JSON");
        assert_eq!(value.get(), json.as_str(), "data is kept as received, without what stood around it");
    }
    assert!(content.priority <= 9);
    for moment in [Some(*created_at), *expires_at].into_iter().flatten() {
        assert!((Timestamp::EARLIEST..=Timestamp::LATEST).contains(&moment));
    }
}

/// A refusal stays small whatever was sent, because it goes into an answer and into the header of a dead letter.
fn refusal_is_short(error: &ParseError) {
    match error {
        ParseError::TooLarge { size, limit } => assert!(size > limit),
        ParseError::NotJson(detail) => assert!(detail.len() <= 160, "{detail}"),
        ParseError::Fields(faults) => {
            assert!((1..=20).contains(&faults.len()));
            for fault in faults {
                assert!(fault.field.len() <= 64 && fault.detail.len() <= 160, "{fault:?}");
                assert!(!fault.field.chars().any(char::is_control), "{fault:?}");
            }
        }
    }
}
