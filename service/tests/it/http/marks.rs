//! `POST /v1/owners/{owner}/feed:mark`.

use serde_json::{Value, json};

use crate::http::kit::{Answer, Stand};

const PATH: &str = "/v1/owners/ada/feed:mark";

async fn mark(stand: &Stand, body: Value) -> Answer {
    stand.post(PATH, body.to_string()).await
}

#[tokio::test]
async fn marks_change_the_counters_and_tell_the_head() {
    let stand = Stand::start().await;
    let rows = stand.fill("ada", &["k"; 4]).await;
    let unknown = uuid::Uuid::now_v7();
    let read = mark(&stand, json!({"ids": [rows[0], unknown], "as": "read"})).await;
    assert_eq!(read.status, 200);
    assert_eq!(read.json()["unknown"], json!([unknown]));
    let head = &read.json()["head"];
    assert_eq!((&head["unread"], &head["unseen"]), (&3.into(), &3.into()));
    assert_eq!(&stand.get("/v1/owners/ada/head").await.json()["head"], head);
    let tag = read.header("etag").to_owned();
    assert_eq!(
        stand.get_if_none_match("/v1/owners/ada/feed", &tag).await.status,
        304,
        "the mark's head is a tag to send next"
    );

    let unread = mark(&stand, json!({"ids": [rows[0]], "as": "unread"})).await.json();
    assert_eq!((&unread["head"]["unread"], &unread["head"]["unseen"]), (&4.into(), &3.into()), "unread does not unsee");
    let seen = mark(&stand, json!({"ids": [rows[1]], "as": "seen"})).await.json();
    assert_eq!((&seen["head"]["unread"], &seen["head"]["unseen"]), (&4.into(), &2.into()));
    let archived = mark(&stand, json!({"ids": [rows[2]], "as": "archived"})).await.json();
    assert_eq!(archived["head"]["unread"], 3);
    let back = mark(&stand, json!({"ids": [rows[2]], "as": "unarchived"})).await.json();
    assert_eq!(back["head"]["unread"], 4);
}

#[tokio::test]
async fn all_read_stops_at_what_the_client_saw() {
    let stand = Stand::start().await;
    stand.fill("ada", &["k"; 3]).await;
    let head = stand.get("/v1/owners/ada/head").await.json()["head"].clone();
    let upto = format!("{}-{}", head["epoch"].as_str().unwrap(), head["rev"]);
    stand.fill("ada", &["k"; 2]).await;
    let read = mark(&stand, json!({"upto": upto, "as": "read"})).await.json();
    assert_eq!((&read["head"]["unread"], &read["head"]["unseen"]), (&2.into(), &2.into()));
    assert_eq!(read["unknown"], json!([]));

    let ahead = format!("{}-{}", head["epoch"].as_str().unwrap(), 10_000);
    let above = mark(&stand, json!({"upto": ahead, "as": "read"})).await.problem(422, "above_head");
    assert_eq!(above["errors"][0]["field"], "upto");
    assert_eq!(above["head"], read["head"]);
    let other = mark(&stand, json!({"upto": "9.9-1", "as": "seen"})).await.problem(409, "other_epoch");
    assert_eq!(other["head"], read["head"]);
}

#[tokio::test]
async fn every_fault_names_its_field() {
    let stand = Stand::start().await;
    let id = uuid::Uuid::now_v7();
    for (body, field) in [
        (json!({"as": "read"}), "ids"),
        (json!({"ids": [id]}), "as"),
        (json!({"ids": ["order-7"], "as": "read"}), "ids[0]"),
        (json!({"ids": vec![id; 1001], "as": "read"}), "ids"),
        (json!({"ids": [], "as": "read"}), "ids"),
        (json!({"ids": [id], "as": "done"}), "as"),
        (json!({"ids": [id], "as": "read", "colour": 1}), "colour"),
        (json!({"upto": "7", "as": "read"}), "upto"),
        (json!({"upto": "1.1-1", "as": "unread"}), "as"),
        (json!({"upto": "1.1-1", "as": "unarchived"}), "as"),
        (json!({"upto": "1.1-1", "ids": [id], "as": "read"}), "upto"),
    ] {
        mark(&stand, body).await.fault(422, "invalid_field", field);
    }
    let many: Vec<_> = (0..1000).map(|_| uuid::Uuid::now_v7()).collect();
    let answer = mark(&stand, json!({"ids": many, "as": "read"})).await;
    assert_eq!((answer.status, answer.json()["unknown"].as_array().unwrap().len()), (200, 1000));
    for body in ["{", "[]", "7", "null", ""] {
        stand.post(PATH, body).await.problem(400, "not_json");
    }
    stand.post(PATH, b"{\"as\": \"\xff\"}").await.problem(400, "not_json");
    stand.post(PATH, format!("{{\"ids\":{}", "[".repeat(10_000))).await.problem(400, "not_json");
    stand.post(PATH, vec![b' '; 64 * 1024 + 1]).await.problem(413, "too_large");
    stand.send("POST", PATH, &[], b"{}").await.problem(415, "unsupported_media_type");
}
