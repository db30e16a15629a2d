//! The notification in a registration. It is sent through the producer's own route once the producer is Ready;
//! otherwise the answer says that it was not sent.

use std::time::Duration;

use axum::http::StatusCode;
use kube::Client;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{RegisterSettings, resources::Listed};
use crate::resource::Kind;

/// How often the producer is looked at while it is not Ready.
const LOOK: Duration = Duration::from_millis(500);
/// How long sending is retried once the producer is Ready: a queue may be bound a moment later.
const SEND_LIMIT: Duration = Duration::from_secs(5);
/// The pause between two tries.
const SEND_AGAIN: Duration = Duration::from_millis(200);

/// The result: `{sent: true, id}`, or `{sent: false, reason}`.
pub(super) async fn send(settings: &RegisterSettings, client: &Client, applied: &[Listed], notif: &Value) -> Value {
    let Some(producer) = applied.iter().find(|listed| listed.kind == Kind::Producer.as_str()) else {
        return not_sent("there is no producer in this registration");
    };
    match wait_ready(settings, client, &producer.name).await {
        Err(reason) => not_sent(&reason),
        Ok(None) => not_sent("the producer has no address"),
        Ok(Some(url)) => post(&settings.http, &url, notif).await,
    }
}

/// The producer's URL, once it is Ready.
async fn wait_ready(settings: &RegisterSettings, client: &Client, name: &str) -> Result<Option<String>, String> {
    let until = Instant::now() + settings.ready_limit;
    let api = Kind::Producer.objects(client, &settings.namespace);
    loop {
        match api.get(name).await {
            Ok(object) => {
                let listed = Listed::of(Kind::Producer, &object);
                if listed.ready {
                    return Ok(listed.url);
                }
            }
            Err(kube::Error::Api(status)) if (400..500).contains(&status.code) && status.code != 429 => {
                return Err(format!("failed to read whether the producer is Ready: {}", status.message));
            }
            // The producer may become Ready again.
            Err(error) => tracing::debug!(%error, "failed to read a registered producer"),
        }
        if Instant::now() >= until {
            return Err(format!(
                "the producer was not Ready within {:?}; send the notification yourself once the producer is Ready",
                settings.ready_limit
            ));
        }
        sleep(LOOK).await;
    }
}

async fn post(http: &reqwest::Client, url: &str, notif: &Value) -> Value {
    let until = Instant::now() + SEND_LIMIT;
    loop {
        let answer = http.post(format!("{url}/v1/notifications")).json(notif).send().await;
        let (status, body) = match answer {
            Ok(answer) => (answer.status(), answer.json::<Value>().await.unwrap_or_default()),
            Err(error) => (StatusCode::SERVICE_UNAVAILABLE, json!({ "detail": error.without_url().to_string() })),
        };
        if status == StatusCode::ACCEPTED {
            return json!({ "sent": true, "id": body["id"] });
        }
        if status != StatusCode::SERVICE_UNAVAILABLE || Instant::now() >= until {
            return json!({ "sent": false, "reason": body["detail"], "problem": body });
        }
        sleep(SEND_AGAIN).await;
    }
}

fn not_sent(reason: &str) -> Value {
    json!({ "sent": false, "reason": reason })
}
