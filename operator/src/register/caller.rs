//! Who is asking: a client of the API server that has the caller's token and nothing of ours.

use std::time::Duration;

use axum::http::HeaderMap;
use hoopoe_web::bearer_token;
use kube::{Client, Config, config::AuthInfo};
use secrecy::SecretString;

use super::refusal::Refusal;

/// The API server answers these requests in milliseconds; most clients wait 30 s.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);

/// A client with the caller's bearer token. `cluster` says where the API server is; the credentials in it are not used.
pub(super) fn client(headers: &HeaderMap, cluster: &Config) -> Result<Client, Refusal> {
    let token = bearer_token(headers)?.ok_or(Refusal::NoToken)?;
    let auth_info = AuthInfo { token: Some(SecretString::from(token)), ..AuthInfo::default() };
    let mut config = cluster.clone();
    config.auth_info = auth_info;
    // Headers in the config might carry credentials as well, or impersonate another user.
    config.headers.clear();
    config.read_timeout = Some(ANSWER_LIMIT);
    // The caller decides whether to try again: a 429 passes through.
    config.default_retry = false;
    Client::try_from(config).map_err(Refusal::from)
}
