//! Who is asking: a client of the API server that has the caller's token and nothing of ours.

use std::time::Duration;

use axum::http::{HeaderMap, header};
use kube::{Client, Config, config::AuthInfo};
use secrecy::SecretString;

use super::problem::Problem;

/// The API server answers what is asked here in milliseconds; a client waits 30 s, most often.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);

/// A client with the caller's bearer token. `cluster` says where the API server is; the credentials in it are not used.
pub(super) fn client(headers: &HeaderMap, cluster: &Config) -> Result<Client, Problem> {
    let auth_info = AuthInfo { token: Some(token(headers)?), ..AuthInfo::default() };
    let mut config = cluster.clone();
    config.auth_info = auth_info;
    // They might carry credentials as well, or impersonate somebody.
    config.headers.clear();
    config.read_timeout = Some(ANSWER_LIMIT);
    // Whether to try again is the caller's to decide: a 429 passes through.
    config.default_retry = false;
    Client::try_from(config).map_err(Problem::from)
}

/// The one `Authorization: Bearer TOKEN`.
fn token(headers: &HeaderMap) -> Result<SecretString, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Problem::Unauthorized) };
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Problem::Unauthorized)?;
    let token = token.trim();
    // The characters of RFC 6750, and at least one.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() || !token.bytes().all(allowed) {
        return Err(Problem::Unauthorized);
    }
    Ok(SecretString::from(token))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn only_a_bearer_token_is_one() {
        let read = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            token(&headers).ok().map(|token| token.expose_secret().to_owned())
        };
        assert_eq!(read(&["Bearer a.b-c_d"]).as_deref(), Some("a.b-c_d"));
        assert_eq!(read(&["bearer  x=="]).as_deref(), Some("x=="));
        for bad in [&[][..], &["Bearer"], &["Bearer "], &["Basic abc"], &["Bearer a b"], &["Bearer a", "Bearer b"]] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
