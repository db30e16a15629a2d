//! RabbitMQ's management API, where policies are set.

use std::time::Duration;

use hoopoe_crds::policy::Policy;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(5);

/// The management API of one virtual host.
pub(super) struct Management {
    client: reqwest::Client,
    base: Url,
    user: String,
    password: Option<String>,
    vhost: String,
}

/// A binding as the API lists it.
#[derive(Debug, Deserialize)]
pub(super) struct Listed {
    /// The exchange; empty for the default one.
    pub(super) source: String,
    /// Its routing key.
    pub(super) routing_key: String,
    /// Its arguments.
    #[serde(default)]
    pub(super) arguments: serde_json::Map<String, Value>,
}

impl Management {
    /// The API at `http://user:password@host:port`. `None` if that is no URL.
    pub(super) fn new(url: &str, vhost: &str) -> Option<Self> {
        let mut base = Url::parse(url).ok()?;
        let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (user, password) = (decode(base.username()), base.password().map(decode));
        base.set_username("").ok()?;
        base.set_password(None).ok()?;
        let client = reqwest::Client::builder().timeout(LIMIT).build().ok()?;
        Some(Self { client, base, user, password, vhost: vhost.to_owned() })
    }

    /// Sets a policy; it is in force when this returns.
    pub(super) async fn put_policy(&self, policy: &Policy) -> Result<(), String> {
        self.call(Method::PUT, &["policies", &self.vhost, &policy.name], Some(&policy.body())).await.map(drop)
    }

    /// Removes a policy. A policy that does not exist is no error.
    pub(super) async fn delete_policy(&self, name: &str) -> Result<(), String> {
        match self.call(Method::DELETE, &["policies", &self.vhost, name], None).await {
            Err(detail) if detail.starts_with("404") => Ok(()),
            result => result.map(drop),
        }
    }

    /// The queue's bindings, without the one to the default exchange.
    pub(super) async fn bindings(&self, queue: &str) -> Result<Vec<Listed>, String> {
        let body = self.call(Method::GET, &["queues", &self.vhost, queue, "bindings"], None).await?;
        let listed: Vec<Listed> = serde_json::from_str(&body).map_err(|error| error.to_string())?;
        Ok(listed.into_iter().filter(|binding| !binding.source.is_empty()).collect())
    }

    async fn call(&self, method: Method, path: &[&str], body: Option<&Value>) -> Result<String, String> {
        let mut url = self.base.as_str().trim_end_matches('/').to_owned() + "/api";
        for segment in path {
            url.push('/');
            url.extend(utf8_percent_encode(segment, NON_ALPHANUMERIC));
        }
        let request = self.client.request(method, url).basic_auth(&self.user, self.password.as_ref());
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        // Safe to show: the credentials were taken out of the URL.
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| error.to_string())?;
        if status.is_success() { Ok(text) } else { Err(format!("{} {text}", status.as_u16())) }
    }
}
