//! `POST /v1/notifications:batch`: each item has its own result.

use serde_json::{Value, json};

use crate::http::kit::{Answer, Stand};

const PATH: &str = "/v1/notifications:batch";

async fn batch(stand: &Stand, items: Vec<Value>) -> Answer {
    stand.post(PATH, Value::from(items).to_string()).await
}

fn statuses(answer: &Answer) -> Vec<u64> {
    answer.json()["results"].as_array().unwrap().iter().map(|result| result["status"].as_u64().unwrap()).collect()
}

fn plain(owner: &str) -> Value {
    json!({"owner": owner, "kind": "k"})
}

#[tokio::test]
async fn all_accepted_is_a_202_in_order() {
    let stand = Stand::start().await;
    let ids: Vec<String> = (0..1000).map(|_| uuid::Uuid::now_v7().to_string()).collect();
    let items = ids.iter().map(|id| json!({"id": id, "owner": "a", "kind": "k"})).collect();
    let answer = batch(&stand, items).await;
    assert_eq!(answer.status, 202, "{}", String::from_utf8_lossy(&answer.body));
    let results = answer.json();
    let told: Vec<&str> =
        results["results"].as_array().unwrap().iter().map(|result| result["id"].as_str().unwrap()).collect();
    assert_eq!(told, ids);
    assert!(results["results"][0].get("error").is_none());
}

#[tokio::test]
async fn one_bad_item_spoils_no_other() {
    let stand = Stand::start().await;
    let answer = batch(
        &stand,
        vec![
            plain("a"),
            json!({"owner": "", "kind": "k"}),
            json!("no object"),
            json!({"owner": "a", "kind": "nobody.listens"}),
            json!({"owner": "a", "kind": "k", "data": "x".repeat(70_000)}),
            plain("b"),
        ],
    )
    .await;
    assert_eq!(answer.status, 207);
    assert_eq!(statuses(&answer), [202, 422, 400, 503, 413, 202]);
    let results = &answer.json()["results"];
    assert_eq!(results[1]["error"]["errors"][0]["field"], "owner");
    assert_eq!(results[1]["id"], Value::Null);
    assert_eq!(results[3]["error"]["code"], "unroutable");
    assert_eq!(results[3]["error"]["id"], results[3]["id"]);
    assert_eq!(results[4]["error"]["code"], "too_large");
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn a_repeat_is_sent_once_and_another_content_is_a_409() {
    let stand = Stand::start().await;
    let with = |owner: &str, title: &str| json!({"id": "one", "owner": owner, "kind": "k", "title": title});
    let answer = batch(&stand, vec![with("a", "x"), with("a", "x"), with("a", "y"), with("b", "y")]).await;
    assert_eq!(answer.status, 207);
    assert_eq!(statuses(&answer), [202, 202, 409, 202]);
    let results = &answer.json()["results"];
    assert_eq!(results[2]["error"]["code"], "id_conflict");
    assert_eq!(results[0]["id"], results[1]["id"]);
    let repeats = batch(&stand, vec![with("c", "x"), with("c", "x")]).await;
    assert_eq!(repeats.status, 202);
}

#[tokio::test]
async fn an_idempotency_key_names_every_item() {
    let stand = Stand::start().await;
    let items = Value::from(vec![plain("a"), plain("a")]).to_string();
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "key")];
    let first = stand.send("POST", PATH, &headers, items.as_bytes()).await;
    let second = stand.send("POST", PATH, &headers, items.as_bytes()).await;
    assert_eq!(first.status, 202);
    assert_eq!(first.json(), second.json());
    assert_ne!(first.json()["results"][0]["id"], first.json()["results"][1]["id"]);
}

#[tokio::test]
async fn the_array_itself_is_checked() {
    let stand = Stand::start().await;
    for body in ["", "[", "[1,]", "nonsense", "{}", "7", "null"] {
        stand.post(PATH, body).await.problem(400, "not_json");
    }
    stand.post(PATH, "[]").await.problem(422, "invalid_field");
    batch(&stand, vec![plain("a"); 1001]).await.problem(422, "invalid_field");
    stand.send("POST", PATH, &[], b"[]").await.problem(415, "unsupported_media_type");
    let deep = format!("[{}{}]", "[".repeat(10_000), "]".repeat(10_000));
    let answer = stand.post(PATH, deep).await;
    assert_eq!(answer.status, 207);
    assert!((400..500).contains(&statuses(&answer)[0]));
    let large = json!({"owner": "a", "kind": "k", "data": "x".repeat(60_000)});
    assert_eq!(batch(&stand, vec![large.clone(); 200]).await.status, 202, "12 MB are under the batch's own limit");
    batch(&stand, vec![large; 300]).await.problem(413, "too_large");
}
