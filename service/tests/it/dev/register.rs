//! `/notif/register`.

use hoopoe_e2e::{free_port, register_suite};
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::dev::kit::{Dev, consumer, inbox_of, producer, send, send_until_taken, send_with, yaml};
use crate::testkit::client::client;

/// Bodies of the original service name no port, so their inbox API listens on 8080; only one test at a time may use it.
static PORT_8080: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A `dev` with an inbox API and no producer.
async fn dev() -> (Dev, u16) {
    let api = free_port().unwrap();
    (Dev::new(&yaml(&[consumer("inbox", "shop", api)])).started().await, api)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_waits_for_the_exchange_that_a_registered_producer_makes() {
    let (mut dev, api) = dev().await;
    let port = free_port().unwrap();
    let (status, body) = dev.register(&producer("orders", "shop", port)).await;
    assert_eq!((status, body["is_err"].as_bool()), (201, Some(false)), "{body}");
    send_until_taken(port, "ada", "n1").await;
    inbox_of(api, "ada", 1).await;

    // A producer of the same name replaces it, and the old port is closed.
    let moved = free_port().unwrap();
    let (status, body) = dev.register(&producer("orders", "shop", moved)).await;
    assert_eq!(status, 201, "{body}");
    send_until_taken(moved, "ada", "n2").await;
    assert!(crate::dev::kit::send(port, "ada", "n3").await.is_err(), "the old port still listens");
    assert_eq!(dev.listed("?kind=NotifProducer").await.len(), 1);

    // It survives kill -9, and after that an ordinary stop.
    dev.kill9().await;
    dev.start().await;
    send_until_taken(moved, "ada", "n4").await;
    assert!(dev.child().term_and_wait(crate::dev::kit::LIMIT).await.unwrap().success());
    dev.start().await;
    send_until_taken(moved, "ada", "n5").await;
    inbox_of(api, "ada", 4).await;

    // It is listed by kind and name. Once it is removed, it stays removed.
    assert_eq!(dev.listed("").await.len(), 2);
    assert_eq!(dev.listed("?kind=NotifConsumer&name=inbox").await["inbox"]["registered"], false);
    assert_eq!(dev.listed("?name=orders").await["orders"]["registered"], true);
    assert!(dev.listed("?name=nobody").await.is_empty());
    let remove = || client().delete(dev.admin_url("/notif/register?kind=NotifProducer&name=orders")).send();
    assert_eq!(remove().await.unwrap().status(), 200);
    assert_eq!(remove().await.unwrap().status(), 404);
    dev.kill9().await;
    dev.start().await;
    assert!(dev.listed("?kind=NotifProducer").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replacement_that_cannot_start_leaves_the_old_one_running() {
    let (mut dev, api) = dev().await;
    let port = free_port().unwrap();
    assert_eq!(dev.register(&producer("orders", "shop", port)).await.0, 201);
    assert_eq!(dev.register(&consumer("more", "shop", api)).await.0, 201);
    send_until_taken(port, "ada", "n0").await;
    let before = dev.listed("").await;

    // Three that must fail: a producer whose exchange exists with another type, a consumer whose queue does, and a
    // consumer whose inbox API cannot listen.
    let mut other_exchange = producer("orders", "shop", free_port().unwrap());
    other_exchange["spec"]["exchange"]["type"] = json!("Fanout");
    let mut other_queue = consumer("more", "shop", free_port().unwrap());
    other_queue["spec"]["queue"]["type"] = json!("Classic");
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap().port();
    for (number, replacement, named) in [
        (1, other_exchange, "exchange shop".to_owned()),
        (2, other_queue.clone(), "queue more.inbox".to_owned()),
        (3, consumer("more", "shop", taken), taken.to_string()),
    ] {
        let (status, body) = dev.register(&replacement).await;
        assert_eq!(status, 422, "{body}");
        assert!(body.to_string().contains(&named), "{named}: {body}");
        assert_eq!(dev.listed("").await, before, "{named}");
        // The running resource was not even interrupted: no second try is needed.
        assert_eq!(send(port, "ada", &format!("n{number}")).await.unwrap(), 202, "{named}");
        assert_eq!(inbox_of(api, "ada", number + 1).await.len(), number + 1, "{named}");
    }
    drop(held);
    let opened = other_queue["spec"]["api"]["port"].as_u64().unwrap();
    assert!(std::net::TcpStream::connect(("127.0.0.1", u16::try_from(opened).unwrap())).is_err(), "left open");

    // After a restart, exactly what ran before runs again.
    dev.kill9().await;
    dev.start().await;
    assert_eq!(dev.listed("").await, before);
    send_until_taken(port, "ada", "n4").await;
    inbox_of(api, "ada", 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_started_again_stays_registered() {
    let (mut dev, _) = dev().await;
    let port = free_port().unwrap();
    assert_eq!(dev.register(&consumer("more", "shop", port)).await.0, 201);
    dev.kill9().await;
    let held = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    dev.start().await;
    assert!(dev.listed("?name=more").await.is_empty());
    assert!(dev.child().log().contains("the registered NotifConsumer more does not run"), "{}", dev.child().log());
    // A registration in the meantime does not make `dev` forget the one that cannot run.
    assert_eq!(dev.register(&producer("orders", "shop", free_port().unwrap())).await.0, 201);
    drop(held);
    dev.kill9().await;
    dev.start().await;
    assert_eq!(dev.listed("?name=more").await.len(), 1);
    // It can also be removed while it does not run.
    dev.kill9().await;
    let _held = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    dev.start().await;
    let remove = || client().delete(dev.admin_url("/notif/register?kind=NotifConsumer&name=more")).send();
    assert_eq!(remove().await.unwrap().status(), 200);
    assert_eq!(remove().await.unwrap().status(), 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replacement_on_the_same_port_refuses_no_connection() {
    let (dev, api) = dev().await;
    let port = free_port().unwrap();
    assert_eq!(dev.register(&producer("orders", "shop", port)).await.0, 201);
    send_until_taken(port, "ada", "first").await;
    let done = std::sync::atomic::AtomicBool::new(false);
    let sending = async {
        let (client, mut taken) = (client(), 1);
        while !done.load(std::sync::atomic::Ordering::Relaxed) {
            // While a producer is replaced, a request may be told to retry, but it always gets an answer.
            match send_with(&client, port, "ada", &format!("n{taken}")).await.unwrap() {
                202 => taken += 1,
                status => assert_eq!(status, 503),
            }
        }
        taken
    };
    let replacing = async {
        for in_flight in 100..110 {
            let mut replacement = producer("orders", "shop", port);
            replacement["spec"]["publish"] = json!({ "maxInFlight": in_flight });
            let (status, body) = dev.register(&replacement).await;
            assert_eq!(status, 201, "{body}");
            assert_eq!(body["data"]["resources"][0]["url"], format!("http://127.0.0.1:{port}"));
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    };
    let (taken, ()) = tokio::join!(sending, replacing);
    assert!(taken > 10, "{taken}");
    assert_eq!(inbox_of(api, "ada", taken).await.len(), taken);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_originals_bodies_are_served() {
    let _port = PORT_8080.lock().await;
    let (dev, api) = dev().await;
    let consumer_info = json!({ "queue": "mails", "tag": "t1", "exchange_name": "mails", "routing_key": "k",
        "redis_cache_exp": 300, "store_in_db": true, "cache_on_redis": true, "local_spawn": true });
    let notif = json!({ "receiver_info": "bob", "id": "hello", "action_type": "T", "actioner_info": "x",
        "action_data": { "a": 1 }, "fired_at": 1_714_316_645, "is_seen": false });
    let both = json!({
        "producer_info": { "exchange_name": "mails", "exchange_type": "topic", "routing_key": "k",
            "notif_data": notif },
        "consumer_info": consumer_info,
    });
    let (status, body) = dev.register(&both).await;
    assert_eq!(status, 201, "{body}");
    assert_eq!(body["data"]["notif"]["sent"], true, "{body}");
    let warnings = body["data"]["warnings"].to_string();
    for name in ["store_in_db", "cache_on_redis", "local_spawn"] {
        assert!(warnings.contains(name), "{warnings}");
    }
    assert_eq!(inbox_of(api, "bob", 1).await, ["hello"]);
    // Each part alone: a consumer with its own queue on the existing exchange, and a producer of its own.
    let mut alone = consumer_info.clone();
    alone["queue"] = json!("more");
    let (status, body) = dev.register(&json!({ "consumer_info": alone })).await;
    assert_eq!(status, 201, "{body}");
    assert_eq!(body["data"]["notif"], Value::Null);
    let (status, body) = dev.register(&json!({ "producer_info": { "exchange_name": "alone" } })).await;
    assert_eq!(status, 201, "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_bodies_are_problems_that_name_the_field() {
    let (dev, _) = dev().await;
    let mut unknown = producer("orders", "shop", 8080);
    unknown["spec"]["nonsense"] = json!(1);
    let mut invalid = consumer("more", "shop", 8080);
    invalid["spec"]["queue"]["name"] = json!("");
    let cases = [
        (unknown.to_string(), 422, "spec.nonsense"),
        (invalid.to_string(), 422, "spec.queue.name"),
        (json!({ "producer_info": { "exchange": "x" } }).to_string(), 422, "exchange"),
        (json!({ "kind": "Deployment" }).to_string(), 422, "kind"),
        ("{}".to_owned(), 422, "producer_info"),
        ("[1]".to_owned(), 422, ""),
        ("{".to_owned(), 400, ""),
        ("\"".to_owned() + &"x".repeat(300_000) + "\"", 413, "262144"),
    ];
    for (body, expected, named) in cases {
        let begin: String = body.chars().take(80).collect();
        let request = client().post(dev.admin_url("/notif/register")).header(CONTENT_TYPE, "application/json");
        let answer = request.body(body).send().await.unwrap();
        let (status, kind) = (answer.status().as_u16(), answer.headers()[CONTENT_TYPE].clone());
        let text = answer.text().await.unwrap();
        assert_eq!((status, kind.to_str().unwrap()), (expected, "application/problem+json"), "{begin}: {text}");
        assert!(text.contains(named), "{begin}: {text}");
    }
    let wrong = client().post(dev.admin_url("/notif/register")).header(CONTENT_TYPE, "text/plain").body("{}");
    assert_eq!(wrong.send().await.unwrap().status(), 415);
    let nameless = client().delete(dev.admin_url("/notif/register")).send().await.unwrap();
    assert_eq!(nameless.status(), 400);
    assert_eq!(dev.listed("").await.len(), 1, "nothing of it was started");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_that_the_operator_passes_too() {
    let _port = PORT_8080.lock().await;
    let (dev, _) = dev().await;
    let (faults, requests) = register_suite(&dev.admin_url("/notif/register"), None).await.unwrap();
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(requests > 30, "{requests}");
}
