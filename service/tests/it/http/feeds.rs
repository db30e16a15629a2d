//! Feed and head: pages, validators, filters, and catching up.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::http::kit::{Stand, notification};

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

fn position(page: &Value) -> String {
    format!("{}-{}", page["head"]["epoch"].as_str().unwrap(), page["head"]["rev"])
}

#[tokio::test]
async fn an_unknown_owner_has_an_empty_inbox() {
    let stand = Stand::start().await;
    let answer = stand.get("/v1/owners/nobody/feed").await;
    let page = answer.json();
    assert_eq!((answer.status, &page["items"], &page["next"]), (200, &serde_json::json!([]), &Value::Null));
    assert_eq!((&page["head"]["rev"], &page["head"]["unread"]), (&0.into(), &0.into()));
    assert_eq!((&page["complete_to"], &page["reset"]), (&Value::Null, &false.into()));
    let tag = answer.header("etag").to_owned();
    assert_eq!(stand.get_if_none_match("/v1/owners/nobody/feed", &tag).await.status, 304);
}

#[tokio::test]
async fn an_item_has_every_field_that_the_document_names() {
    let stand = Stand::start().await;
    stand.fill("ada", &["k"]).await;
    let page = stand.get("/v1/owners/ada/feed").await.json();
    let document = serde_json::to_value(hoopoe::edge::http::openapi::openapi()).unwrap();
    for (value, schema) in [(&page, "Feed"), (&page["head"], "Head"), (&page["items"][0], "Item")] {
        let sent: BTreeSet<_> = value.as_object().unwrap().keys().collect();
        let schema = &document["components"]["schemas"][schema];
        let described: BTreeSet<_> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(sent, described);
        assert_eq!(schema["required"].as_array().unwrap().len(), sent.len());
    }
    assert_eq!(page["items"][0]["data"].to_string(), "{\"n\":1.1}");
}

#[tokio::test]
async fn an_unchanged_inbox_is_a_304_until_it_changes() {
    let stand = Stand::start().await;
    stand.fill("ada", &["k"]).await;
    for path in
        ["/v1/owners/ada/feed", "/v1/owners/ada/feed?unread=true", "/v1/owners/ada/head", "/notif/get/owner/ada"]
    {
        let first = stand.get(path).await;
        assert_eq!(first.status, 200);
        assert_eq!(first.header("cache-control"), "private, no-cache");
        assert_eq!(first.header("vary"), "Authorization");
        let interval: u64 = first.header("x-poll-interval").parse().unwrap();
        assert!(interval > 0);
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with("W/\"1-"), "{tag}");
        for held in [tag.clone(), format!("\"x\", {tag}"), "*".to_owned(), tag.trim_start_matches("W/").to_owned()] {
            let unchanged = stand.get_if_none_match(path, &held).await;
            assert_eq!(unchanged.status, 304, "{path} {held}");
            assert!(unchanged.body.is_empty());
            assert_eq!(unchanged.header("etag"), tag);
            for name in ["cache-control", "vary", "x-poll-interval"] {
                assert_eq!(unchanged.header(name), first.header(name));
            }
        }
        for held in ["\"nonsense\"", "W/\"1-1.1-1\"", ""] {
            assert_eq!(stand.get_if_none_match(path, held).await.status, 200, "{path} {held}");
        }
        stand.fill("ada", &["k"]).await;
        let changed = stand.get_if_none_match(path, &tag).await;
        assert_eq!(changed.status, 200);
        assert_ne!(changed.header("etag"), tag);
    }
}

#[tokio::test]
async fn pages_show_every_row_once_while_new_ones_arrive() {
    let stand = Stand::start().await;
    let expected: Vec<String> = stand.fill("ada", &["k"; 57]).await.iter().rev().map(ToString::to_string).collect();
    let mut seen = Vec::new();
    let mut path = "/v1/owners/ada/feed?limit=10".to_owned();
    for round in 0.. {
        assert!(round < 10, "the pages do not end");
        let page = stand.get(&path).await.json();
        assert!(ids(&page).len() <= 10);
        seen.extend(ids(&page));
        stand.fill("ada", &["k"]).await;
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/owners/ada/feed?limit=10&cursor={next}");
    }
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn the_first_page_is_twenty_and_a_limit_is_kept() {
    let stand = Stand::start().await;
    stand.fill("ada", &["k"; 205]).await;
    for (query, count) in [("", 20), ("?limit=1", 1), ("?limit=200", 200)] {
        let page = stand.get(&format!("/v1/owners/ada/feed{query}")).await.json();
        assert_eq!(ids(&page).len(), count);
        assert!(page["next"].is_string());
    }
    for bad in ["0", "-1", "201", "1e9", "1000000000", "", "ten", "%00", "1.0"] {
        stand.get(&format!("/v1/owners/ada/feed?limit={bad}")).await.fault(400, "bad_url", "limit");
    }
}

#[tokio::test]
async fn a_cursor_from_elsewhere_is_refused() {
    let stand = Stand::start().await;
    stand.fill("ada", &["k"; 5]).await;
    stand.fill("eve", &["k"; 5]).await;
    let page = stand.get("/v1/owners/ada/feed?limit=2").await.json();
    let cursor = page["next"].as_str().unwrap().to_owned();
    let own = stand.get(&format!("/v1/owners/ada/feed?cursor={cursor}&limit=2")).await;
    assert_eq!(own.status, 200);
    for path in [
        format!("/v1/owners/eve/feed?cursor={cursor}"),
        format!("/v1/owners/ada/feed?cursor={cursor}&unread=true"),
        format!("/v1/owners/ada/feed?cursor={cursor}&since={}", position(&page)),
        format!("/v1/owners/ada/feed?cursor={}", &cursor[1..]),
        format!("/v1/owners/ada/feed?cursor={cursor}x"),
        "/v1/owners/ada/feed?cursor=".to_owned(),
        "/v1/owners/ada/feed?cursor=%F0%9F%8E%89".to_owned(),
        "/v1/owners/ada/feed?cursor=eyJyZXYiOjV9".to_owned(),
    ] {
        stand.get(&path).await.fault(400, "bad_url", "cursor");
    }
}

#[tokio::test]
async fn filters_select_and_exclude() {
    let stand = Stand::start().await;
    let rows = stand.fill("ada", &["a", "b", "a", "b"]).await;
    let mark = |id: String, state: &str| {
        let body = serde_json::json!({"ids": [id], "as": state}).to_string();
        let stand = &stand;
        async move { assert_eq!(stand.post("/v1/owners/ada/feed:mark", body).await.status, 200) }
    };
    mark(rows[0].to_string(), "read").await;
    mark(rows[1].to_string(), "archived").await;
    let listed = |query: &'static str| {
        let (stand, rows) = (&stand, &rows);
        async move {
            let page = stand.get(&format!("/v1/owners/ada/feed{query}")).await.json();
            let place = |id: &String| rows.iter().position(|row| row.to_string() == *id).unwrap();
            ids(&page).iter().map(place).collect::<Vec<_>>()
        }
    };
    assert_eq!(listed("").await, [3, 2, 0]);
    assert_eq!(listed("?unread=true").await, [3, 2]);
    assert_eq!(listed("?unread=false&archived=false").await, [3, 2, 0]);
    assert_eq!(listed("?archived=true").await, [1]);
    assert_eq!(listed("?kind=a").await, [2, 0]);
    assert_eq!(listed("?kind=a&unread=true").await, [2]);
    assert_eq!(listed("?kind=nothing").await, [] as [usize; 0]);
}

#[tokio::test]
async fn since_tells_of_every_change_in_order_and_in_pages() {
    let stand = Stand::start().await;
    let rows = stand.fill("ada", &["k"; 4]).await;
    let start = position(&stand.get("/v1/owners/ada/head").await.json());
    let quiet = stand.get(&format!("/v1/owners/ada/feed?since={start}")).await.json();
    assert_eq!((ids(&quiet).len(), &quiet["next"], &quiet["reset"]), (0, &Value::Null, &false.into()));
    assert_eq!(quiet["complete_to"], quiet["head"]["rev"]);
    let body = serde_json::json!({"ids": [rows[0], rows[2]], "as": "archived"}).to_string();
    assert_eq!(stand.post("/v1/owners/ada/feed:mark", body).await.status, 200);
    let new = stand.fill("ada", &["k"; 5]).await;
    let mut told = Vec::new();
    let mut path = format!("/v1/owners/ada/feed?since={start}&limit=3");
    let last = loop {
        let page = stand.get(&path).await.json();
        assert_eq!(page["reset"], false);
        told.extend(ids(&page));
        let Some(next) = page["next"].as_str() else { break page };
        path = format!("/v1/owners/ada/feed?since={start}&limit=3&cursor={next}");
    };
    assert_eq!(last["complete_to"], last["head"]["rev"]);
    let mut expected: Vec<String> = [rows[0], rows[2]].iter().chain(&new).map(ToString::to_string).collect();
    expected.sort();
    told.sort();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_since_that_cannot_go_on_is_a_reset() {
    let stand = Stand::start().await;
    stand.fill("ada", &["k"; 30]).await;
    let head = stand.get("/v1/owners/ada/head").await.json();
    let epoch = head["head"]["epoch"].as_str().unwrap();
    for since in [format!("{epoch}-1000"), "9.9-1".to_owned()] {
        let page = stand.get(&format!("/v1/owners/ada/feed?since={since}")).await.json();
        assert_eq!(page["reset"], true, "{since}");
        assert_eq!(ids(&page).len(), 20);
        let next = page["next"].as_str().unwrap();
        let rest = stand.get(&format!("/v1/owners/ada/feed?cursor={next}")).await.json();
        assert_eq!(ids(&rest).len(), 10, "goes on without since");
    }
    for bad in ["", "1", "1.2", "1.2-", "-5", "1.2-x"] {
        stand.get(&format!("/v1/owners/ada/feed?since={bad}")).await.fault(400, "bad_url", "since");
    }
    for filter in ["unread=true", "archived=false", "kind=a"] {
        let name = filter.split('=').next().unwrap();
        stand.get(&format!("/v1/owners/ada/feed?since=1.1-1&{filter}")).await.fault(400, "bad_url", name);
    }
    stand.get("/v1/owners/ada/feed?wait=5").await.fault(400, "bad_url", "wait");
    stand.get("/v1/owners/ada/feed?limit=5&limit=5").await.fault(400, "bad_url", "limit");
}

#[tokio::test]
async fn what_expires_leaves_and_changes_the_tag() {
    let stand = Stand::start().await;
    let mut brief = notification("ada", "k");
    brief.expires_at = Some(hoopoe::timestamp::Timestamp::now().plus(std::time::Duration::from_secs(4)));
    stand.writer.commit(&[brief]).await.unwrap();
    let before = stand.get("/v1/owners/ada/feed").await;
    assert_eq!(ids(&before.json()).len(), 1);
    assert!(before.json()["head"]["next_due"].is_string());
    tokio::time::sleep(std::time::Duration::from_millis(4_200)).await;
    let after = stand.get_if_none_match("/v1/owners/ada/feed", before.header("etag")).await;
    assert_eq!((after.status, ids(&after.json()).len()), (200, 0));
    assert_eq!(after.json()["head"]["unread"], 0);
}
