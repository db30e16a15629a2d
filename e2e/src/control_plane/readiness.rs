//! Waiting for a control plane that starts. The checks are requests of this process, because they are repeated until
//! the control plane is ready, and each run of `kubectl` would take a quarter of a second of a processor from it.

use std::time::Duration;

use serde_json::Value;

use crate::ca::{Ca, PemPair};
use crate::error::{Error, Result};
use crate::http::install_crypto;
use crate::server::Server;

const START_LIMIT: Duration = Duration::from_mins(2);
/// The time limit of one check.
const ASK_LIMIT: Duration = Duration::from_secs(10);
/// The time between a check that failed and the next.
const PAUSE: Duration = Duration::from_millis(100);

/// The address of an API server, and a certificate with all rights on it.
#[derive(Debug)]
pub(super) struct Readiness {
    pub(super) url: String,
    pub(super) ca: Ca,
    pub(super) admin: PemPair,
}

impl Readiness {
    /// Waits until the API server is ready.
    pub(super) async fn of_api_server(&self, api: &Server) -> Result<()> {
        let client = self.client()?;
        let ready = || async { self.get(&client, "/readyz").await.is_some() };
        api.child()?.wait_until("ok from /readyz", START_LIMIT, ready).await
    }

    /// Waits for the controllers, because the API server serves before they have done their first work. Until then the
    /// roles `view`, `edit` and `admin` allow nothing, because a controller collects their rules from other roles, and
    /// no namespace has the service account that pods need.
    pub(super) async fn of_controllers(&self, controllers: &Server) -> Result<()> {
        let client = self.client()?;
        let collected = async |role: &str| {
            let role = self.get(&client, &format!("/apis/rbac.authorization.k8s.io/v1/clusterroles/{role}")).await;
            let role: Value = role.and_then(|role| serde_json::from_str(&role).ok()).unwrap_or_default();
            role["rules"].as_array().is_some_and(|rules| !rules.is_empty())
        };
        let account = "/api/v1/namespaces/default/serviceaccounts/default";
        let done = || async {
            collected("view").await
                && collected("edit").await
                && collected("admin").await
                && self.get(&client, account).await.is_some()
        };
        controllers.child()?.wait_until("the default roles and account", START_LIMIT, done).await
    }

    /// A client for the present runtime, which keeps its connection.
    fn client(&self) -> Result<reqwest::Client> {
        install_crypto();
        let read = |path| std::fs::read(path).map_err(Error::io("read a certificate"));
        let failed = |source| Error::Http { method: "GET".to_owned(), url: self.url.clone(), source };
        let authority = reqwest::Certificate::from_pem(&read(self.ca.certificate())?).map_err(failed)?;
        let identity = [read(&self.admin.certificate)?, read(&self.admin.key)?].concat();
        let identity = reqwest::Identity::from_pem(&identity).map_err(failed)?;
        let client = reqwest::Client::builder().no_proxy().timeout(ASK_LIMIT);
        client.tls_certs_only([authority]).identity(identity).build().map_err(failed)
    }

    /// The body of a 200. Otherwise it waits a moment, so that a loop around it can go on at once.
    async fn get(&self, client: &reqwest::Client, path: &str) -> Option<String> {
        let answer =
            client.get(format!("{}{path}", self.url)).send().await.and_then(reqwest::Response::error_for_status);
        let body = match answer {
            Ok(answer) => answer.text().await,
            Err(error) => Err(error),
        };
        if body.is_err() {
            tokio::time::sleep(PAUSE).await;
        }
        body.ok()
    }
}
