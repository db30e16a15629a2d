//! The register port of the real binary: from the request to a resource that the leader made Ready.

use hoopoe_e2e::free_port;
use reqwest::Client;
use serde_json::{Value, json};

use crate::control_plane::kit::Kit;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_registered_with_a_replica_that_only_waits_is_made_ready_by_the_leader() {
    let kit = Kit::shared().await;
    let team = kit.namespace("registered").await;
    let port = free_port().unwrap();
    let address = format!("127.0.0.1:{port}");
    let secrets = "broker=rabbit,postgres=pg";
    let flags = ["--register", &address, "--register-namespace", "registered", "--register-secrets", secrets];
    let waiting = kit.start_operator(&flags).await;
    team.kubectl(&["create", "serviceaccount", "app"]).await;
    let role = ["create", "role", "app", "--verb=get,list,create,patch,delete"];
    team.kubectl(&[&role[..], &["--resource=notifproducers.hoopoe.app,notifconsumers.hoopoe.app"]].concat()).await;
    team.kubectl(&["create", "rolebinding", "app", "--role=app", "--serviceaccount=registered:app"]).await;
    let (_, token) = kit.plane.kubeconfig_for_account("registered", "app").await.unwrap();

    let url = format!("http://{address}/notif/register");
    let body = json!({
        "producer_info": { "exchange_name": "mails", "notif_data": { "receiver_info": "bob", "action_type": "T" } },
        "consumer_info": { "queue": "mails", "tag": "t1", "exchange_name": "mails" },
    });
    let answer = Client::new().post(&url).bearer_auth(&token).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    // The resource became Ready while the request waited. The pods here run nothing, so the Service has no endpoint.
    let notif = &answer["data"]["notif"];
    assert_eq!(notif["sent"], false, "{answer}");
    assert!(!notif["reason"].as_str().unwrap().contains("not Ready"), "{answer}");
    team.ready("ncons/t1-mails").await;
    assert!(kit.publish("Hoopoe.notif:mails", "").await, "it is bound");
    let listed = Client::new().get(&url).bearer_auth(&token).send().await.unwrap().text().await.unwrap();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let ready = listed["data"]["resources"].as_array().unwrap().iter().all(|one| one["ready"] == true);
    assert!(ready && listed["data"]["resources"].as_array().unwrap().len() == 2, "{listed}");
    let counted = waiting.metrics().await;
    assert!(counted.contains("hoopoe_operator_register_requests_total{method=\"POST\",status=\"201\"}"), "{counted}");
    assert!(!waiting.log().contains(&token), "a token in the log");
    waiting.stop().await;
}
