//! Requests that fail before a handler runs are answered with a problem too.

use crate::http::kit::Stand;

#[tokio::test]
async fn unknown_paths_and_methods() {
    let stand = Stand::start().await;
    for path in ["/", "/v1", "/v1/owners/a/b/feed", "/v1/notifications/", "/%FF", "/%zz"] {
        stand.get(path).await.problem(404, "not_found");
    }
    for (method, path, allow) in [
        ("GET", "/v1/notifications", "POST"),
        ("DELETE", "/v1/notifications:batch", "POST"),
        ("POST", "/v1/owners/a/feed", "GET,HEAD"),
        ("PUT", "/v1/owners/a/head", "GET,HEAD"),
        ("GET", "/v1/owners/a/feed:mark", "POST"),
        ("POST", "/openapi.json", "GET,HEAD"),
        ("OPTIONS", "/v1/owners/a/feed", "GET,HEAD"),
        ("BREW", "/v1/notifications", "POST"),
    ] {
        let answer = stand.send(method, path, &[], b"").await;
        answer.problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let stand = Stand::start().await;
    let got = stand.get("/v1/owners/a/feed").await;
    let headed = stand.send("HEAD", "/v1/owners/a/feed", &[], b"").await;
    assert_eq!((got.status, headed.status), (200, 200));
    assert!(headed.body.is_empty());
    for name in ["etag", "content-type", "content-length", "cache-control"] {
        assert_eq!(got.header(name), headed.header(name), "{name}");
    }
}

#[tokio::test]
async fn an_owner_is_decoded_once_and_checked() {
    let stand = Stand::start().await;
    for (path, owner) in
        [("a%2Fb", "a/b"), ("%F0%9F%8E%89", "🎉"), ("a%252Fb", "a%2Fb"), ("a+b", "a+b"), ("a:b", "a:b")]
    {
        stand.fill(owner, &["k"]).await;
        for url in [format!("/v1/owners/{path}/feed"), format!("/v1/owners/{path}/head")] {
            let answer = stand.get(&url).await;
            assert_eq!((answer.status, &answer.json()["head"]["unread"]), (200, &1.into()), "{url}");
        }
    }
    let long = "o".repeat(191);
    let emoji = "%F0%9F%8E%89".repeat(48);
    for owner in ["", "%00", "a%00b", "a%0Ab", "%7F", "%C2%85", "%FF", "a%zz", "%", "a%f", &long, &emoji] {
        for url in [
            format!("/v1/owners/{owner}/feed"),
            format!("/v1/owners/{owner}/head"),
            format!("/notif/get/owner/{owner}"),
        ] {
            stand.get(&url).await.fault(400, "bad_url", "owner");
        }
        let mark = stand.post(&format!("/v1/owners/{owner}/feed:mark"), "{}").await;
        mark.fault(400, "bad_url", "owner");
        stand.get(&format!("/notif/get/owner?owner={owner}")).await.fault(400, "bad_url", "owner");
    }
    let longest = "o".repeat(190);
    assert_eq!(stand.get(&format!("/v1/owners/{longest}/feed")).await.status, 200);
    let emoji = "%F0%9F%8E%89".repeat(47);
    assert_eq!(stand.get(&format!("/v1/owners/{emoji}/head")).await.status, 200);
}

#[tokio::test]
async fn unknown_parameters_are_named_everywhere() {
    let stand = Stand::start().await;
    for path in ["/v1/owners/a/feed", "/v1/owners/a/head", "/notif/get/owner/a"] {
        stand.get(&format!("{path}?colour=red")).await.fault(400, "bad_url", "colour");
    }
    for path in ["/v1/notifications", "/v1/notifications:batch", "/v1/owners/a/feed:mark"] {
        stand.post(&format!("{path}?colour=red"), "{}").await.fault(400, "bad_url", "colour");
    }
}

#[tokio::test]
async fn the_document_is_served() {
    let stand = Stand::start().await;
    let answer = stand.get("/openapi.json").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.json(), serde_json::to_value(hoopoe::edge::http::openapi::openapi()).unwrap());
}
