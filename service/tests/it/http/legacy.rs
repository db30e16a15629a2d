//! `GET /notif/get/owner/`: the original service's route, in both its forms, with and without a trailing slash.

use serde_json::{Value, json};

use crate::http::kit::{Stand, notification};

#[tokio::test]
async fn both_forms_show_the_same_envelope() {
    let stand = Stand::start().await;
    let mut named = notification("ada", "order.shipped");
    named.source_id = Some("order-7".to_owned());
    let plain = notification("ada", "k");
    stand.writer.commit(&[named, plain.clone()]).await.unwrap();
    let first = stand.get("/notif/get/owner/ada").await;
    for path in ["/notif/get/owner/ada/", "/notif/get/owner?owner=ada", "/notif/get/owner/?owner=ada"] {
        let answer = stand.get(path).await;
        assert_eq!((answer.status, answer.json()), (200, first.json()), "{path}");
        assert_eq!(answer.header("etag"), first.header("etag"));
    }
    let envelope = first.json();
    assert_eq!(
        (&envelope["is_err"], &envelope["status"], &envelope["meta"]),
        (&json!(false), &json!(200), &Value::Null)
    );
    assert!(envelope["message"].is_string());
    let data = &envelope["data"];
    assert_eq!((&data["items"], &data["pages"], &data["current_page"]), (&json!(2), &json!(1), &json!(1)));
    let notifs = data["notifs"].as_array().unwrap();
    assert_eq!((&notifs[0]["nid"], &notifs[1]["nid"]), (&json!(plain.id), &json!("order-7")));
    let row = &notifs[1];
    assert_eq!((&row["receiver_info"], &row["actioner_info"]), (&json!("ada"), &json!("warehouse")));
    assert_eq!((&row["action_type"], &row["action_data"]), (&json!("order.shipped"), &json!({"n": 1.1})));
    assert_eq!((&row["id"], &row["is_seen"]), (&json!(1), &json!(false)));
    assert!(row["fired_at"].is_string());
    assert_eq!(row.as_object().unwrap().len(), 8);
}

#[tokio::test]
async fn an_owner_is_matched_whole() {
    let stand = Stand::start().await;
    stand.fill("ada", &["k"]).await;
    stand.fill("ada2", &["k"; 2]).await;
    assert_eq!(stand.get("/notif/get/owner/ada").await.json()["data"]["items"], 1);
    assert_eq!(stand.get("/notif/get/owner/ad").await.json()["data"]["items"], 0);
}

#[tokio::test]
async fn windows_and_pages_are_counted() {
    let stand = Stand::start().await;
    let rows = stand.fill("ada", &["k"; 25]).await;
    let read = json!({"ids": &rows[..5], "as": "read"}).to_string();
    assert_eq!(stand.post("/v1/owners/ada/feed:mark", read).await.status, 200);
    for (query, count, items, pages, current) in [
        ("", 10, 25, 3, 1),
        ("?from=0&to=10", 10, 25, 3, 1),
        ("?from=10&to=20", 10, 25, 3, 2),
        ("?from=20&to=40", 5, 25, 3, 3),
        ("?from=0&to=200", 25, 25, 3, 1),
        ("?from=100&to=110", 0, 25, 3, 11),
        ("?from=5&to=5", 0, 25, 3, 1),
        ("?from=15", 10, 25, 3, 2),
        ("?page_size=5&from=5&to=10", 5, 25, 5, 2),
        ("?unread=true&to=50", 20, 20, 2, 1),
        ("?unread=false&to=50", 25, 25, 3, 1),
    ] {
        let data = stand.get(&format!("/notif/get/owner/ada{query}")).await.json()["data"].clone();
        assert_eq!(data["notifs"].as_array().unwrap().len(), count, "{query}");
        assert_eq!((&data["items"], &data["pages"]), (&json!(items), &json!(pages)), "{query}");
        assert_eq!(data["current_page"], current, "{query}");
    }
    let seen = stand.get("/notif/get/owner/ada?from=20&to=21").await.json();
    assert_eq!(seen["data"]["notifs"][0]["is_seen"], true);
    for (query, name) in [
        ("from=-1", "from"),
        ("from=1e9", "from"),
        ("to=ten", "to"),
        ("from=5&to=4", "to"),
        ("from=0&to=201", "to"),
        ("from=99999999999999999999", "from"),
        ("page_size=0", "page_size"),
        ("page_size=201", "page_size"),
        ("unread=1", "unread"),
        ("owner=eve", "owner"),
    ] {
        stand.get(&format!("/notif/get/owner/ada?{query}")).await.fault(400, "bad_url", name);
    }
    stand.get("/notif/get/owner").await.fault(400, "bad_url", "owner");
    stand.get("/notif/get/owner/?owner=").await.fault(400, "bad_url", "owner");
}
