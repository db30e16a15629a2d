//! Only the rights of the caller count.

use std::time::Duration;

use hoopoe_e2e::register_suite;
use kube::Config;
use serde_json::json;

use crate::register::kit::{ALL, Port, client, producer, read};

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_that_dev_passes_too() {
    let port = Port::open("suite", |_| {}).await;
    let token = port.caller("registrar", ALL, &["notifproducers", "notifconsumers"]).await;
    let (faults, requests) = register_suite(&port.url, Some(&token)).await.unwrap();
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(requests > 30, "{requests}");
    // The API server holds the resources, with defaults and with the caller as their author.
    let spec = port.plane.kubectl(&["-n", "suite", "get", "nprod", "mails", "-o", "jsonpath={.spec.exchange}"]).await;
    assert_eq!(spec.unwrap(), r#"{"name":"Hoopoe.notif:mails","ownership":"Shared","type":"Topic"}"#);
    assert!(port.metrics().contains(r#"method="POST",status="201""#), "{}", port.metrics());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_or_rights_nothing_is_done_in_the_operators_name() {
    let port = Port::open("rights", |_| {}).await;
    let body = producer("orders", "shop");
    let answer = client().post(&port.url).json(&body).send().await.unwrap();
    assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    let (status, problem) = read(answer).await;
    assert_eq!((status, &problem["code"]), (401, &json!("unauthorized")));
    for query in ["", "?kind=NotifProducer&name=orders"] {
        let request = client().delete(format!("{}{query}", port.url)).send().await.unwrap();
        assert_eq!(read(request).await.0, 401, "the token is checked first");
    }
    let basic = client().get(&port.url).basic_auth("admin", Some("admin")).send().await.unwrap();
    assert_eq!(read(basic).await.0, 401);
    let (status, problem) = port.post(Some("a.b.c"), &body).await;
    assert_eq!((status, &problem["code"]), (401, &json!("unauthorized")), "the API server does not know it: {problem}");

    // A caller with a token but without rights gets the API server's own words.
    let nobody = port.caller("nobody", "", &[]).await;
    for request in [client().post(&port.url).json(&body), client().get(&port.url)] {
        let (status, problem) = read(request.bearer_auth(&nobody).send().await.unwrap()).await;
        assert_eq!((status, &problem["code"]), (403, &json!("forbidden")), "{problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.contains("system:serviceaccount:rights:nobody") && detail.contains("notifproducers"),
            "{detail}"
        );
    }
    let reader = port.caller("reader", "get,list", &["notifproducers", "notifconsumers"]).await;
    assert_eq!(port.post(Some(&reader), &body).await.0, 403);
    let url = format!("{}?kind=NotifProducer&name=orders", port.url);
    assert_eq!(read(client().delete(url).bearer_auth(&reader).send().await.unwrap()).await.0, 403);
    assert!(port.there().await.is_empty());

    // With the right to only one of two kinds, neither is created.
    let half = port.caller("half", ALL, &["notifproducers"]).await;
    let both = json!({ "producer_info": { "exchange_name": "mails" },
        "consumer_info": { "queue": "q", "tag": "t", "exchange_name": "mails" } });
    let (status, problem) = port.post(Some(&half), &both).await;
    assert_eq!(status, 403, "{problem}");
    assert!(port.there().await.is_empty(), "{:?}", port.there().await);
    assert_eq!(port.post(Some(&half), &body).await.0, 201);
    let (status, listed) =
        read(client().get(format!("{}?kind=NotifProducer", port.url)).bearer_auth(&half).send().await.unwrap()).await;
    assert_eq!((status, &listed["data"]["resources"][0]["ready"]), (200, &json!(false)));
    assert_eq!(listed["data"]["resources"][0]["url"], "http://orders-producer.rights.svc:8080");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_set_and_other_namespaces_are_left_alone() {
    let port = Port::open("others", |_| {}).await;
    let token = port.caller("registrar", ALL, &["notifproducers", "notifconsumers"]).await;
    let mut theirs = producer("orders", "theirs");
    theirs["metadata"]["namespace"] = json!("others");
    theirs["spec"]["routingKey"] = json!("theirs");
    port.plane.apply(&theirs.to_string()).await.unwrap();
    let mut ours = producer("orders", "theirs");
    ours["spec"]["routingKey"] = json!("ours");
    let (status, problem) = port.post(Some(&token), &ours).await;
    assert_eq!((status, &problem["code"]), (409, &json!("conflict")), "{problem}");
    assert!(problem["errors"].to_string().contains("routingKey"), "{problem}");
    let mut elsewhere = producer("orders", "theirs");
    elsewhere["metadata"]["namespace"] = json!("default");
    let (status, problem) = port.post(Some(&token), &elsewhere).await;
    assert_eq!(status, 422, "{problem}");
    assert_eq!(problem["errors"][0]["field"], "metadata.namespace");
    // The output of `kubectl get -o yaml` is accepted as input.
    let mine = producer("mine", "mine");
    assert_eq!(port.post(Some(&token), &mine).await.0, 201);
    let printed = port
        .plane
        .kubectl(&["-n", "others", "get", "nprod", "mine", "-o", "json", "--show-managed-fields"])
        .await
        .unwrap();
    let (status, answer) = port.post(Some(&token), &serde_json::from_str(&printed).unwrap()).await;
    assert_eq!(status, 201, "{answer}");
    // A refusal that only the API server can give names its fields too.
    let mut label = producer("mine", "mine");
    label["metadata"]["labels"]["team"] = json!("no label!");
    let (status, problem) = port.post(Some(&token), &label).await;
    assert_eq!((status, &problem["code"]), (422, &json!("invalid_field")), "{problem}");
    assert_eq!(problem["errors"][0]["field"], "metadata.labels", "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_that_is_away_is_a_503_at_once() {
    let closed = hoopoe_e2e::free_port().unwrap();
    let away = format!("https://127.0.0.1:{closed}").parse().unwrap();
    let port = Port::open("away", |settings| settings.cluster = Config::new(away)).await;
    let asked = tokio::time::Instant::now();
    let answer = client().get(&port.url).bearer_auth("x").send().await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "1");
    let (status, problem) = read(answer).await;
    assert_eq!((status, &problem["code"]), (503, &json!("api_unavailable")));
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
}
