//! Any bytes through both doors of the parser: no panic, and what is accepted comes back from its own wire form unchanged.
#![no_main]

use libfuzzer_sys::fuzz_target;

// The sources themselves and not the crate: the fuzzer instruments the parser, and builds in seconds.
#[allow(dead_code, unused_imports)]
#[path = "../../service/src/notif/mod.rs"]
mod notif;
#[allow(dead_code)]
#[path = "../../service/src/timestamp.rs"]
mod timestamp;

use notif::{Arrival, Envelope, Notification, from_amqp, from_http, to_wire};
use timestamp::Timestamp;

const BODY_BYTES: usize = 65_536;

fuzz_target!(|body: &[u8]| {
    let arrival = Arrival {
        exchange: "fuzz.events",
        body_bytes: BODY_BYTES,
        now: Timestamp::EARLIEST,
        idempotency_key: None,
        item: None,
    };
    if let Ok(notification) = from_http(body, &arrival) {
        comes_back(&notification, &arrival);
        // Over AMQP less is refused, so whatever HTTP takes is taken there too.
        let received = from_amqp(body, &arrival, &Envelope::default());
        assert!(received.is_ok_and(|received| received.unknown_fields == 0));
    }
    if let Ok(received) = from_amqp(body, &arrival, &Envelope::default()) {
        comes_back(&received.notification, &arrival);
        let again = from_amqp(body, &arrival, &Envelope::default()).map(|again| again.notification);
        assert_eq!(again.as_ref(), Ok(&received.notification), "a redelivery is the same notification");
    }
});

fn comes_back(notification: &Notification, arrival: &Arrival<'_>) {
    let wire = to_wire(notification);
    let back = from_amqp(&wire, arrival, &Envelope::default()).map(|back| back.notification);
    assert_eq!(back.as_ref(), Ok(notification));
}
