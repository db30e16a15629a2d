//! One connection to a management API: its reads, and its writes through the library.

use std::time::{Duration, Instant};

use hoopoe_crds::policy;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rabbitmq_http_client::{
    api::Client,
    commons::{BindingDestinationType, ExchangeType, PolicyTarget, QueueType, RetrySettings},
    error::HttpClientError,
    requests::{BindingDeletionParams, ExchangeParams, PolicyParams, QueueParams},
};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use super::{Binding, Exchange, Policy, Queue, Snapshot, answer, connection, depths};
use crate::{
    dereference::{BrokerAccess, ManagementAccess},
    topology::{BrokerError, Depths},
};

/// How long a read may take.
const READ_LIMIT: Duration = Duration::from_secs(10);
/// How long a write may take. For each policy the broker looks at every queue, and a quorum queue costs it a third of a
/// second of processor time. When a thousand came at once on two cores, some took over ten seconds.
const WRITE_LIMIT: Duration = Duration::from_secs(30);
/// Writes at once: if hundreds ran together, most would exceed that limit.
const WRITES: usize = 4;

/// A management API, and the virtual host that is meant.
pub struct ManagementClient {
    http: reqwest::Client,
    library: Client<String, String, String>,
    /// As the Secrets give it.
    url: String,
    /// The URL again, with the name in the server's certificate as its host.
    named_url: String,
    username: String,
    password: SecretString,
    vhost: String,
    writes: Semaphore,
}

/// What a `/api/global-parameters` entry looks like.
#[derive(Deserialize)]
struct GlobalParameter {
    name: String,
    value: Value,
}

impl ManagementClient {
    /// Connects at its first request.
    pub fn new(access: &BrokerAccess) -> Result<Self, BrokerError> {
        let BrokerAccess { amqp_host: _, amqp_port: _, vhost, management } = access;
        let ManagementAccess { url, username, password, tls } = management;
        let (http, named_url) = connection::open(url, tls.as_ref(), READ_LIMIT)?;
        let (writer, _) = connection::open(url, tls.as_ref(), WRITE_LIMIT)?;
        let library = Client::from_http_client_with_retry(
            writer,
            format!("{named_url}/api"),
            username.clone(),
            password.expose_secret().to_owned(),
            // The reconciler retries by itself, with backoff.
            RetrySettings { max_attempts: 0, delay_ms: 0 },
        );
        Ok(Self {
            http,
            library,
            url: url.clone(),
            named_url,
            username: username.clone(),
            password: password.clone(),
            vhost: vhost.clone(),
            writes: Semaphore::new(WRITES),
        })
    }

    /// Five reads, however many objects there are. The library's own lists compute statistics of every queue; these
    /// requests leave them out.
    pub(super) async fn read(&self) -> Result<Snapshot, BrokerError> {
        let queues: Vec<Queue> = self.list("queues", "?disable_stats=true&enable_queue_totals=true").await?;
        let exchanges: Vec<Exchange> = self.list("exchanges", "?disable_stats=true").await?;
        let bindings: Vec<Binding> = self.list("bindings", "").await?;
        let policies: Vec<Policy> = self.list("policies", "").await?;
        let globals: Vec<GlobalParameter> =
            self.get("read the cluster's id", &format!("{}/api/global-parameters", self.named_url)).await?;
        let cluster_id = globals.into_iter().find(|parameter| parameter.name == "internal_cluster_id");
        Ok(Snapshot {
            cluster_id: cluster_id.and_then(|id| id.value.as_str().map(str::to_owned)).unwrap_or_default(),
            queues: queues.into_iter().map(|queue| (queue.name.clone(), queue)).collect(),
            exchanges: exchanges.into_iter().map(|exchange| (exchange.name.clone(), exchange)).collect(),
            bindings: bindings.into_iter().filter(|binding| !binding.source.is_empty()).collect(),
            policies: policies.into_iter().map(|policy| (policy.name.clone(), policy)).collect(),
        })
    }

    /// One read, with the rates of every queue.
    pub(super) async fn read_depths(&self) -> Result<Depths, BrokerError> {
        let at = Instant::now();
        let columns = "?columns=name,messages_ready,messages_unacknowledged,message_stats.publish_details.rate,\
                       message_stats.ack_details.rate";
        Ok(depths::from_list(at, self.list("queues", columns).await?))
    }

    /// Declares a durable exchange; it is in force when this returns.
    pub async fn declare_exchange(&self, name: &str, kind: &str) -> Result<(), BrokerError> {
        let params = ExchangeParams::durable(name, ExchangeType::from(kind), None);
        self.write(&format!("declare the exchange {name}"), self.library.declare_exchange(&self.vhost, &params)).await
    }

    /// Declares a durable queue.
    pub async fn declare_queue(&self, name: &str, arguments: Map<String, Value>) -> Result<(), BrokerError> {
        let kind = arguments.get("x-queue-type").and_then(Value::as_str).unwrap_or_default();
        let params = QueueParams::new(name, QueueType::from(kind), true, false, Some(arguments.clone()));
        self.write(&format!("declare the queue {name}"), self.library.declare_queue(&self.vhost, &params)).await
    }

    /// Sets a policy; it is in force when this returns.
    pub async fn put_policy(&self, policy: &policy::Policy) -> Result<(), BrokerError> {
        let pattern = policy.pattern();
        let params = PolicyParams::new(&self.vhost, &policy.name, &pattern, policy.definition.clone())
            .apply_to(PolicyTarget::Queues)
            .priority(policy.priority);
        self.write(&format!("set the policy {}", policy.name), self.library.declare_policy(&params)).await
    }

    /// Binds a queue.
    pub async fn bind(&self, queue: &str, binding: &Binding) -> Result<(), BrokerError> {
        let Binding { source, routing_key, arguments, .. } = binding;
        let bound = self.library.bind_queue(&self.vhost, queue, source, Some(routing_key), Some(arguments.clone()));
        self.write(&format!("bind the queue {queue} to the exchange {source}"), bound).await
    }

    /// Removes a binding. A missing binding is no error.
    pub async fn unbind(&self, queue: &str, binding: &Binding) -> Result<(), BrokerError> {
        let Binding { source, routing_key, arguments, .. } = binding;
        let params = BindingDeletionParams {
            virtual_host: &self.vhost,
            source,
            destination: queue,
            destination_type: BindingDestinationType::Queue,
            routing_key,
            arguments: Some(arguments.clone()),
        };
        self.write(
            &format!("unbind the queue {queue} from the exchange {source}"),
            self.library.delete_binding(&params, true),
        )
        .await
    }

    /// Removes a policy. A missing policy is no error.
    pub async fn delete_policy(&self, name: &str) -> Result<(), BrokerError> {
        self.write(&format!("delete the policy {name}"), self.library.delete_policy(&self.vhost, name, true)).await
    }

    /// Removes a queue and its messages. A missing queue is no error.
    pub async fn delete_queue(&self, name: &str) -> Result<(), BrokerError> {
        self.write(&format!("delete the queue {name}"), self.library.delete_queue(&self.vhost, name, true)).await
    }

    /// Removes an exchange unless something is bound to it; `false`: something is. A missing exchange is no error.
    pub async fn delete_exchange_if_unused(&self, name: &str) -> Result<bool, BrokerError> {
        let what = format!("delete the exchange {name}");
        let url = format!("{}?if-unused=true", self.path(&["exchanges", &self.vhost, name]));
        let answer = self.send(&what, Method::DELETE, &url).await?;
        match answer.status() {
            status if status.is_success() || status == 404 => Ok(true),
            status => {
                let text = answer.text().await.unwrap_or_default();
                if status == 400 && text.contains("in use") {
                    return Ok(false);
                }
                Err(answer::error(&what, status, &text))
            }
        }
    }

    async fn list<T: DeserializeOwned>(&self, kind: &str, query: &str) -> Result<Vec<T>, BrokerError> {
        let url = format!("{}{query}", self.path(&[kind, &self.vhost]));
        self.get(&format!("list the {kind}"), &url).await
    }

    async fn get<T: DeserializeOwned>(&self, what: &str, url: &str) -> Result<T, BrokerError> {
        let answer = self.send(what, Method::GET, url).await?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| self.unreachable(&error))?;
        if status == 404 {
            return Err(BrokerError::VhostMissing { vhost: self.vhost.clone() });
        }
        if !status.is_success() {
            return Err(answer::error(what, status, &text));
        }
        serde_json::from_str(&text)
            .map_err(|error| BrokerError::AnswerUnreadable { what: what.to_owned(), detail: error.to_string() })
    }

    async fn send(&self, _what: &str, method: Method, url: &str) -> Result<reqwest::Response, BrokerError> {
        let request = self.http.request(method, url).basic_auth(&self.username, Some(self.password.expose_secret()));
        request.send().await.map_err(|error| self.unreachable(&error))
    }

    fn path(&self, segments: &[&str]) -> String {
        let mut url = format!("{}/api", self.named_url);
        for segment in segments {
            url.push('/');
            url.extend(utf8_percent_encode(segment, NON_ALPHANUMERIC));
        }
        url
    }

    fn unreachable(&self, error: &reqwest::Error) -> BrokerError {
        // Only the innermost cause says "connection refused"; the outer ones repeat the URL.
        let mut cause: &dyn std::error::Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        BrokerError::BrokerUnreachable { url: self.url.clone(), detail: cause.to_string() }
    }

    /// Sends one write through the library, when it is its turn.
    async fn write(
        &self,
        what: &str,
        request: impl Future<Output = Result<(), HttpClientError>>,
    ) -> Result<(), BrokerError> {
        // The semaphore is never closed, so this cannot fail.
        let _turn = self.writes.acquire().await;
        match request.await {
            Ok(()) => Ok(()),
            Err(
                HttpClientError::ClientErrorResponse { status_code, body, .. }
                | HttpClientError::ServerErrorResponse { status_code, body, .. },
            ) => Err(answer::error(what, status_code, &body.unwrap_or_default())),
            Err(HttpClientError::NotFound) => {
                Err(BrokerError::Refused { what: what.to_owned(), detail: "not found".to_owned() })
            }
            Err(HttpClientError::RequestError { error, .. }) => Err(self.unreachable(&error)),
            Err(error) => Err(BrokerError::AnswerUnreadable { what: what.to_owned(), detail: error.to_string() }),
        }
    }
}

impl std::fmt::Debug for ManagementClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ManagementClient").field("url", &self.url).field("vhost", &self.vhost).finish_non_exhaustive()
    }
}
