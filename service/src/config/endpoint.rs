//! The URLs of broker, database and cache, from the environment: the one place where secrets enter.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What may stand unescaped in the user, password or path of a URL.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The URL of one server. Printing it hides the credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(String);

/// Where a worker's servers are. Each comes from `HOOPOE_<PART>_URL`, or from `HOOPOE_<PART>_{HOST,PORT,USERNAME,PASSWORD,...}`,
/// which win where a host is given: Secrets of other operators have parts, and `$(VAR)` in a URL does not percent-encode.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// `HOOPOE_AMQP_URL`; or `HOOPOE_AMQP_{HOST,PORT,USERNAME,PASSWORD,VHOST,TLS}`. `HOOPOE_AMQP_VHOST` also wins over the path of the
    /// URL: a resource may name a virtual host of its own beside somebody else's Secret.
    pub amqp: Option<Endpoint>,
    /// `HOOPOE_AMQP_MANAGEMENT_URL`: RabbitMQ's management API, where `hoopoe dev` sets policies.
    pub amqp_management: Option<Endpoint>,
    /// `HOOPOE_POSTGRES_URL`; or `HOOPOE_POSTGRES_{HOST,PORT,USERNAME,PASSWORD,DATABASE,SSLMODE}`.
    pub postgres: Option<Endpoint>,
    /// `HOOPOE_REDIS_URL`; or `HOOPOE_REDIS_{HOST,PORT,USERNAME,PASSWORD,DATABASE,TLS}`.
    pub redis: Option<Endpoint>,
}

/// Why an endpoint cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// The role needs it.
    #[error("failed to find {variable}: set it (or {parts}) to reach {what}")]
    Missing {
        /// The variable.
        variable: &'static str,
        /// The variables that would do instead.
        parts: &'static str,
        /// What is behind it.
        what: &'static str,
    },
    /// It is no URL of that kind.
    #[error("failed to read {variable}: it must start with {schemes}")]
    Scheme {
        /// The variable.
        variable: &'static str,
        /// What it may start with.
        schemes: &'static str,
    },
}

/// How a kind of server is written in the environment and in a URL.
struct Kind {
    prefix: &'static str,
    scheme: &'static str,
    tls_scheme: &'static str,
    port: &'static str,
    path_variable: &'static str,
    default_path: &'static str,
}

const AMQP: Kind = Kind {
    prefix: "HOOPOE_AMQP",
    scheme: "amqp",
    tls_scheme: "amqps",
    port: "5672",
    path_variable: "VHOST",
    default_path: "/",
};
const POSTGRES: Kind = Kind {
    prefix: "HOOPOE_POSTGRES",
    scheme: "postgres",
    tls_scheme: "postgres",
    port: "5432",
    path_variable: "DATABASE",
    default_path: "postgres",
};
const REDIS: Kind = Kind {
    prefix: "HOOPOE_REDIS",
    scheme: "redis",
    tls_scheme: "rediss",
    port: "6379",
    path_variable: "DATABASE",
    default_path: "0",
};

impl Endpoint {
    /// A URL as it stands.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The URL with its credentials; only for whoever opens the connection.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("", &self.0));
        // The last `@` before the path: a password may hold one that somebody forgot to escape.
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
        let endpoints = Self {
            amqp: AMQP.read(&get),
            amqp_management: get("HOOPOE_AMQP_MANAGEMENT_URL").map(Endpoint),
            postgres: POSTGRES.read(&get),
            redis: REDIS.read(&get),
        };
        check(endpoints.amqp.as_ref(), "HOOPOE_AMQP_URL", &["amqp://", "amqps://"], "amqp:// or amqps://")?;
        check(
            endpoints.amqp_management.as_ref(),
            "HOOPOE_AMQP_MANAGEMENT_URL",
            &["http://", "https://"],
            "http:// or https://",
        )?;
        check(
            endpoints.postgres.as_ref(),
            "HOOPOE_POSTGRES_URL",
            &["postgres://", "postgresql://"],
            "postgres:// or postgresql://",
        )?;
        check(endpoints.redis.as_ref(), "HOOPOE_REDIS_URL", &["redis://", "rediss://"], "redis:// or rediss://")?;
        Ok(endpoints)
    }

    /// The broker, for a role that needs it.
    pub fn need_amqp(&self) -> Result<&Endpoint, EndpointError> {
        need(self.amqp.as_ref(), "HOOPOE_AMQP_URL", "HOOPOE_AMQP_HOST, _USERNAME, _PASSWORD", "RabbitMQ")
    }

    /// The database, for a role that needs it.
    pub fn need_postgres(&self) -> Result<&Endpoint, EndpointError> {
        let parts = "HOOPOE_POSTGRES_HOST, _USERNAME, _PASSWORD, _DATABASE";
        need(self.postgres.as_ref(), "HOOPOE_POSTGRES_URL", parts, "Postgres")
    }
}

fn need<'a>(
    endpoint: Option<&'a Endpoint>,
    variable: &'static str,
    parts: &'static str,
    what: &'static str,
) -> Result<&'a Endpoint, EndpointError> {
    endpoint.ok_or(EndpointError::Missing { variable, parts, what })
}

fn check(
    endpoint: Option<&Endpoint>,
    variable: &'static str,
    prefixes: &[&str],
    schemes: &'static str,
) -> Result<(), EndpointError> {
    match endpoint {
        Some(Endpoint(url)) if !prefixes.iter().any(|prefix| url.starts_with(prefix)) => {
            Err(EndpointError::Scheme { variable, schemes })
        }
        Some(_) | None => Ok(()),
    }
}

impl Kind {
    fn read(&self, get: &impl Fn(&str) -> Option<String>) -> Option<Endpoint> {
        let variable = |name: &str| get(&format!("{}_{name}", self.prefix));
        let encode = |text: &str| utf8_percent_encode(text, COMPONENT).to_string();
        let Some(host) = variable("HOST") else {
            let url = variable("URL")?;
            return Some(Endpoint(match variable(self.path_variable) {
                Some(path) => with_path(&url, &encode(&path)),
                None => url,
            }));
        };
        let tls = variable("TLS").is_some_and(|value| value == "true" || value == "1");
        let scheme = if tls { self.tls_scheme } else { self.scheme };
        let user = match (variable("USERNAME"), variable("PASSWORD")) {
            (Some(user), Some(password)) => format!("{}:{}@", encode(&user), encode(&password)),
            (Some(user), None) => format!("{}@", encode(&user)),
            (None, Some(password)) => format!(":{}@", encode(&password)),
            (None, None) => String::new(),
        };
        let port = variable("PORT").unwrap_or_else(|| self.port.to_owned());
        let path = encode(&variable(self.path_variable).unwrap_or_else(|| self.default_path.to_owned()));
        let query = variable("SSLMODE").map(|mode| format!("?sslmode={}", encode(&mode))).unwrap_or_default();
        // An IPv6 address wants brackets in a URL.
        let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host };
        Some(Endpoint(format!("{scheme}://{user}{host}:{port}/{path}{query}")))
    }
}

/// The URL with another path; what stands behind a `?` stays.
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
