//! The management API.

use reqwest::Method;
use serde_json::{Value, json};

use super::RabbitMq;
use crate::error::{Error, Result};
use crate::http;

impl RabbitMq {
    /// Sends a request to the management API. `path` begins with `/api`. An empty answer becomes JSON null. A status of
    /// 400 or above becomes an error that contains the answer.
    pub async fn management(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let url = format!("http://127.0.0.1:{}{path}", self.management_port());
        let failed = |source| Error::Http { method: method.to_string(), url: url.clone(), source };
        let request = http::client().request(method.clone(), &url);
        let request = request.basic_auth(&self.options.user, Some(&self.options.password));
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        let body = answer.text().await.map_err(failed)?;
        if status.is_client_error() || status.is_server_error() {
            return Err(Error::HttpStatus { method: method.to_string(), url, status: status.as_u16(), body });
        }
        Ok(serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    /// Sends a GET request to the management API.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.management(Method::GET, path, None).await
    }

    /// Creates an empty virtual host, in which the administrator has all rights, and returns its AMQP URL. The name may
    /// contain letters, digits, `-` and `_`.
    pub async fn create_vhost(&self, name: &str) -> Result<String> {
        self.management(Method::PUT, &format!("/api/vhosts/{name}"), Some(&json!({}))).await?;
        let path = format!("/api/permissions/{name}/{}", self.options.user);
        let everything = json!({"configure": ".*", "write": ".*", "read": ".*"});
        self.management(Method::PUT, &path, Some(&everything)).await?;
        Ok(self.url_of(name))
    }

    /// Deletes a virtual host with all its content.
    pub async fn delete_vhost(&self, name: &str) -> Result<()> {
        self.management(Method::DELETE, &format!("/api/vhosts/{name}"), None).await.map(drop)
    }
}
