//! What the `--register-*` flags say, and how the API server is reached.

use std::{str::FromStr, time::Duration};

use hoopoe_crds::original::SecretNames;

/// What the register port needs to know.
#[derive(Clone, Debug)]
pub struct RegisterSettings {
    /// Where the API server is and which authorities to trust. Its credentials do not matter: every use removes them
    /// first.
    pub cluster: kube::Config,
    /// The namespace of everything that is registered: `--register-namespace`.
    pub namespace: String,
    /// The Secrets of a resource that is registered in the original's form: `--register-secrets`.
    pub secrets: RegisterSecrets,
    /// How long the notification of a registration waits for its producer to be Ready. Default 20 s: most clients wait
    /// 30 s.
    pub ready_limit: Duration,
    /// The client that sends this notification to the producer's Service.
    pub http: reqwest::Client,
}

/// The Secrets of a resource that is registered in the original's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterSecrets {
    /// The broker's. Default `rabbitmq`.
    pub broker: String,
    /// The database's. Default `postgres`.
    pub postgres: String,
    /// The cache's. Default: none, no shared cache.
    pub redis: Option<String>,
}

/// Why a text names no Secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterSecretsError {
    /// A part is not `server=name`.
    #[error("failed to read \"{0}\": it must be broker=NAME, postgres=NAME or redis=NAME, separated by commas")]
    Shape(String),
    /// A server is named twice.
    #[error("failed to read the names of Secrets: {0} is given twice")]
    Twice(String),
    /// It cannot be a Secret's name.
    #[error("failed to read {server}={name}: a Secret's name has 1 to 253 characters of a-z 0-9 . -")]
    Name {
        /// Which server's.
        server: String,
        /// What was given.
        name: String,
    },
}

impl RegisterSettings {
    /// With defaults for all that has one.
    pub fn new(cluster: kube::Config, namespace: String) -> Result<Self, reqwest::Error> {
        // The target is a Service of the cluster, so proxies of the environment and redirects are ignored.
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(10))
            .build()?;
        let secrets = RegisterSecrets::default();
        Ok(Self { cluster, namespace, secrets, ready_limit: Duration::from_secs(20), http })
    }
}

impl RegisterSecrets {
    /// As the translation of the original's form takes them.
    pub fn names(&self) -> SecretNames<'_> {
        SecretNames { broker: &self.broker, postgres: &self.postgres, redis: self.redis.as_deref() }
    }
}

impl Default for RegisterSecrets {
    fn default() -> Self {
        Self { broker: "rabbitmq".to_owned(), postgres: "postgres".to_owned(), redis: None }
    }
}

/// `broker=NAME,postgres=NAME,redis=NAME`; what is left out has its default.
impl FromStr for RegisterSecrets {
    type Err = RegisterSecretsError;

    fn from_str(text: &str) -> Result<Self, RegisterSecretsError> {
        let (mut broker, mut postgres, mut redis) = (None, None, None);
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (server, name) = part.split_once('=').ok_or_else(|| RegisterSecretsError::Shape(part.to_owned()))?;
            let place = match server {
                "broker" => &mut broker,
                "postgres" => &mut postgres,
                "redis" => &mut redis,
                _ => return Err(RegisterSecretsError::Shape(part.to_owned())),
            };
            let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
            if !(1..=253).contains(&name.len()) || !name.bytes().all(allowed) {
                return Err(RegisterSecretsError::Name { server: server.to_owned(), name: name.to_owned() });
            }
            if place.replace(name.to_owned()).is_some() {
                return Err(RegisterSecretsError::Twice(server.to_owned()));
            }
        }
        let default = Self::default();
        Ok(Self { broker: broker.unwrap_or(default.broker), postgres: postgres.unwrap_or(default.postgres), redis })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets() {
        let read = |text: &str| text.parse::<RegisterSecrets>();
        let all = read("broker=rabbit,postgres=pg.main,redis=cache").unwrap();
        assert_eq!(
            (all.broker.as_str(), all.postgres.as_str(), all.redis.as_deref()),
            ("rabbit", "pg.main", Some("cache"))
        );
        assert_eq!(read("").unwrap(), RegisterSecrets::default());
        assert_eq!(read("broker=b,").unwrap().broker, "b");
        assert_eq!(read("broker"), Err(RegisterSecretsError::Shape("broker".to_owned())));
        assert!(matches!(read("mysql=x"), Err(RegisterSecretsError::Shape(_))));
        assert_eq!(read("redis=a,redis=b"), Err(RegisterSecretsError::Twice("redis".to_owned())));
        for bad in ["redis=", "redis=A", "redis=a/b"] {
            assert!(matches!(read(bad), Err(RegisterSecretsError::Name { .. })), "{bad}");
        }
    }
}
