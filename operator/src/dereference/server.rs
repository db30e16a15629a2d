//! The address in a Secret: from a URI, or from parts.

use hoopoe_crds::{
    environment::{Server, Variable},
    secrets::SecretRef,
};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::Url;

use super::{DereferenceError, EnvFromSecret, Secrets};

/// The keys by which a Secret may name a server.
pub(super) struct SecretKeys {
    /// The server.
    pub server: Server,
    /// The keys that may hold a whole URI; the first one there is taken.
    pub uri: &'static [&'static str],
    /// The keys that may hold a user's name.
    pub username: &'static [&'static str],
    /// The text of the error when the Secret has neither a URI nor parts.
    pub wanted: &'static str,
}

/// What a Secret says about a server.
#[derive(Debug)]
pub(super) struct Address {
    pub env: Vec<EnvFromSecret>,
    pub host: String,
    pub port: u16,
    pub username: String,
    pub password: SecretString,
    /// Whether the URI's scheme says TLS.
    pub tls: bool,
    /// The URI's path without its slash, decoded; `None`: no URI, or no path in it.
    pub path: Option<String>,
    /// Whether the workers get parts instead of a URL.
    pub in_parts: bool,
}

impl SecretKeys {
    /// Reads a Secret: a URI if there is one, else the parts. Operators write parts beside a URI for other readers;
    /// those are ignored.
    pub(super) fn read(&self, secrets: &Secrets, reference: &SecretRef) -> Result<Address, DereferenceError> {
        secrets.must_exist(reference)?;
        for key in self.uri {
            if let Some(text) = secrets.text(reference, key)? {
                return self.of_uri(reference, key, text);
            }
        }
        self.of_parts(secrets, reference)
    }

    fn of_uri(&self, reference: &SecretRef, key: &'static str, text: &str) -> Result<Address, DereferenceError> {
        let invalid = |detail| DereferenceError::SecretKeyInvalid { secret: reference.name.clone(), key, detail };
        let url =
            Url::parse(text).map_err(|_| invalid("it must be a URI such as scheme://user:password@host:port/path"))?;
        if !self.server.schemes().contains(&url.scheme()) {
            return Err(invalid(match self.server {
                Server::Broker => "it must start with amqp:// or amqps://",
                Server::Postgres => "it must start with postgres:// or postgresql://",
                Server::Redis => "it must start with redis:// or rediss://",
            }));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| invalid("it must name a host"))?;
        let tls = self.server.tls_scheme() == Some(url.scheme());
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        Ok(Address {
            env: vec![EnvFromSecret::Key {
                variable: self.server.variable(Variable::Url),
                secret: reference.name.clone(),
                key: key.to_owned(),
            }],
            host: host.to_owned(),
            port: url.port().unwrap_or(if tls { self.server.default_tls_port() } else { self.server.default_port() }),
            username: decoded(url.username()),
            password: SecretString::from(decoded(url.password().unwrap_or_default())),
            tls,
            path: url.path().strip_prefix('/').filter(|path| !path.is_empty()).map(decoded),
            in_parts: false,
        })
    }

    fn of_parts(&self, secrets: &Secrets, reference: &SecretRef) -> Result<Address, DereferenceError> {
        let missing = || DereferenceError::SecretKeyMissing { secret: reference.name.clone(), wanted: self.wanted };
        let host = secrets.text(reference, "host")?.ok_or_else(missing)?;
        let port = match secrets.text(reference, "port")? {
            None => self.server.default_port(),
            Some(text) => text.trim().parse().map_err(|_| DereferenceError::SecretKeyInvalid {
                secret: reference.name.clone(),
                key: "port",
                detail: "it must be a number from 1 to 65535",
            })?,
        };
        let variable = |variable, key: &str| EnvFromSecret::Key {
            variable: self.server.variable(variable),
            secret: reference.name.clone(),
            key: key.to_owned(),
        };
        let mut env = vec![variable(Variable::Host, "host")];
        if secrets.bytes(reference, "port").is_some() {
            env.push(variable(Variable::Port, "port"));
        }
        let mut username = "";
        for key in self.username {
            if let Some(text) = secrets.text(reference, key)? {
                env.push(variable(Variable::Username, key));
                username = text;
                break;
            }
        }
        let password = secrets.text(reference, "password")?;
        if password.is_some() {
            env.push(variable(Variable::Password, "password"));
        }
        Ok(Address {
            env,
            host: host.to_owned(),
            port,
            username: username.to_owned(),
            password: SecretString::from(password.unwrap_or_default()),
            tls: false,
            path: None,
            in_parts: true,
        })
    }
}
