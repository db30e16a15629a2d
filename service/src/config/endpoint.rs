//! The URLs of broker, database and cache, from the environment. Secrets enter the program only here.

use std::fmt;

use hoopoe_crds::environment::{AMQP_MANAGEMENT_URL, Server, Variable};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The characters that need no escape in the user, password or path of a URL.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The URL of one server. Printing it hides the credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(String);

/// The addresses of a worker's servers. Each comes from a URL, or from single parts, which are used if a host is given.
/// Parts exist because Secrets of other operators have parts, and because `$(VAR)` in a URL does not percent-encode.
/// The variables are those of [`Server::variable`].
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// The broker. `HOOPOE_AMQP_VHOST` replaces the path of the URL, so that a resource may name its own virtual host
    /// while it shares a Secret with others.
    pub amqp: Option<Endpoint>,
    /// RabbitMQ's management API, where `hoopoe dev` sets policies.
    pub amqp_management: Option<Endpoint>,
    /// The database.
    pub postgres: Option<Endpoint>,
    /// The cache.
    pub redis: Option<Endpoint>,
}

/// Why an endpoint cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// The role needs it, but it is not set.
    #[error("failed to find {}: set it (or {parts}) to reach {}", .server.variable(Variable::Url), .server.product())]
    Missing {
        /// The server.
        server: Server,
        /// The variables that can be set instead.
        parts: &'static str,
    },
    /// It is not a URL of that kind.
    #[error("failed to read {variable}: it must start with {schemes}")]
    Scheme {
        /// The variable.
        variable: &'static str,
        /// The allowed beginnings.
        schemes: String,
    },
}

impl Endpoint {
    /// A URL, unchanged.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The URL with its credentials. Use it only to open the connection.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("", &self.0));
        // Split at the last `@` before the path, because a password may contain one that was not escaped.
        let authority = rest.split(['/', '?']).next().unwrap_or(rest);
        let host = authority.rsplit('@').next().unwrap_or(authority);
        write!(f, "{scheme}://{host}")
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

impl Endpoints {
    /// Reads the process's environment.
    pub fn from_env() -> Result<Self, EndpointError> {
        Self::from_lookup(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    /// Reads any source of variables.
    pub fn from_lookup(get: impl Fn(&str) -> Option<String>) -> Result<Self, EndpointError> {
        Ok(Self {
            amqp: checked(
                read(Server::Broker, &get),
                Server::Broker.variable(Variable::Url),
                Server::Broker.schemes(),
            )?,
            amqp_management: checked(get(AMQP_MANAGEMENT_URL).map(Endpoint), AMQP_MANAGEMENT_URL, &["http", "https"])?,
            postgres: checked(
                read(Server::Postgres, &get),
                Server::Postgres.variable(Variable::Url),
                Server::Postgres.schemes(),
            )?,
            redis: checked(read(Server::Redis, &get), Server::Redis.variable(Variable::Url), Server::Redis.schemes())?,
        })
    }

    /// The broker, for a role that needs it.
    pub fn need_amqp(&self) -> Result<&Endpoint, EndpointError> {
        let parts = "HOOPOE_AMQP_HOST with HOOPOE_AMQP_USERNAME and HOOPOE_AMQP_PASSWORD";
        self.amqp.as_ref().ok_or(EndpointError::Missing { server: Server::Broker, parts })
    }

    /// The database, for a role that needs it.
    pub fn need_postgres(&self) -> Result<&Endpoint, EndpointError> {
        let parts = "HOOPOE_POSTGRES_HOST with HOOPOE_POSTGRES_USERNAME, HOOPOE_POSTGRES_PASSWORD and \
                     HOOPOE_POSTGRES_DATABASE";
        self.postgres.as_ref().ok_or(EndpointError::Missing { server: Server::Postgres, parts })
    }
}

/// An endpoint whose URL must have one of the schemes.
fn checked(
    endpoint: Option<Endpoint>,
    variable: &'static str,
    schemes: &[&str],
) -> Result<Option<Endpoint>, EndpointError> {
    let prefixes: Vec<String> = schemes.iter().map(|scheme| format!("{scheme}://")).collect();
    match endpoint {
        Some(Endpoint(url)) if !prefixes.iter().any(|prefix| url.starts_with(prefix)) => {
            Err(EndpointError::Scheme { variable, schemes: prefixes.join(" or ") })
        }
        endpoint => Ok(endpoint),
    }
}

/// A server's URL: the one that is set, or one made from the parts.
fn read(server: Server, get: &impl Fn(&str) -> Option<String>) -> Option<Endpoint> {
    let variable = |name: Variable| get(server.variable(name));
    let encode = |text: &str| utf8_percent_encode(text, COMPONENT).to_string();
    let Some(host) = variable(Variable::Host) else {
        let url = variable(Variable::Url)?;
        return Some(Endpoint(match variable(Variable::Path) {
            Some(path) => with_path(&url, &encode(&path)),
            None => url,
        }));
    };
    let (scheme, query) = encryption(server, variable(Variable::Encryption).as_deref());
    let user = match (variable(Variable::Username), variable(Variable::Password)) {
        (Some(user), Some(password)) => format!("{}:{}@", encode(&user), encode(&password)),
        (Some(user), None) => format!("{}@", encode(&user)),
        (None, Some(password)) => format!(":{}@", encode(&password)),
        (None, None) => String::new(),
    };
    let port = variable(Variable::Port).unwrap_or_else(|| server.default_port().to_string());
    let path = encode(&variable(Variable::Path).unwrap_or_else(|| server.default_path().to_owned()));
    // An IPv6 address needs brackets in a URL.
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host };
    Some(Endpoint(format!("{scheme}://{user}{host}:{port}/{path}{query}")))
}

/// The scheme and the query of a URL that turn encryption on or off for this server.
fn encryption(server: Server, asked: Option<&str>) -> (&'static str, String) {
    let plain = server.schemes()[0];
    match server.tls_scheme() {
        Some(tls) if matches!(asked, Some("true" | "1")) => (tls, String::new()),
        Some(_) => (plain, String::new()),
        // Postgres says this in the query, and has more than two modes.
        None => {
            let query = asked.map(|mode| format!("?sslmode={}", utf8_percent_encode(mode, COMPONENT)));
            (plain, query.unwrap_or_default())
        }
    }
}

/// The URL with another path. Its query stays.
fn with_path(url: &str, path: &str) -> String {
    let authority = url.find("://").map_or(0, |scheme| scheme + 3);
    let end = url[authority..].find(['/', '?']).map_or(url.len(), |end| authority + end);
    let query = url[end..].find('?').map_or("", |query| &url[end + query..]);
    format!("{}/{path}{query}", &url[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Endpoints, EndpointError> {
        Endpoints::from_lookup(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn parts_win_over_the_url_and_are_escaped() {
        let endpoints = read(&[
            ("HOOPOE_AMQP_URL", "amqp://elsewhere"),
            ("HOOPOE_AMQP_HOST", "rabbit"),
            ("HOOPOE_AMQP_USERNAME", "us:er"),
            ("HOOPOE_AMQP_PASSWORD", "p@ss/word"),
            ("HOOPOE_POSTGRES_HOST", "::1"),
            ("HOOPOE_POSTGRES_SSLMODE", "verify-full"),
        ])
        .unwrap();
        assert_eq!(endpoints.amqp.unwrap().expose(), "amqp://us%3Aer:p%40ss%2Fword@rabbit:5672/%2F");
        assert_eq!(endpoints.postgres.unwrap().expose(), "postgres://[::1]:5432/postgres?sslmode=verify-full");
    }

    #[test]
    fn a_virtual_host_of_its_own_wins_over_the_path_of_the_url() {
        for (url, expected) in [
            ("amqp://u:p@rabbit", "amqp://u:p@rabbit/a%2Fb"),
            ("amqp://u:p@rabbit:5672/other?heartbeat=5", "amqp://u:p@rabbit:5672/a%2Fb?heartbeat=5"),
            ("amqp://rabbit?heartbeat=5", "amqp://rabbit/a%2Fb?heartbeat=5"),
        ] {
            let endpoints = read(&[("HOOPOE_AMQP_URL", url), ("HOOPOE_AMQP_VHOST", "a/b")]).unwrap();
            assert_eq!(endpoints.amqp.unwrap().expose(), expected);
        }
    }

    #[test]
    fn what_is_missing_or_of_another_kind_is_named_in_one_line() {
        let error = read(&[]).unwrap().need_postgres().unwrap_err().to_string();
        assert!(error.contains("HOOPOE_POSTGRES_URL") && !error.contains('\n'), "{error}");
        let error = read(&[("HOOPOE_REDIS_URL", "http://secret@host")]).unwrap_err().to_string();
        assert!(error.contains("HOOPOE_REDIS_URL") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn a_printed_endpoint_holds_no_credentials() {
        let endpoint = Endpoint::new("amqp://user:p@ss@host:5672/vhost?x=secret");
        assert_eq!(format!("{endpoint} {endpoint:?}"), "amqp://host:5672 Endpoint(amqp://host:5672)");
    }
}
