//! The address in a Secret: from a URI, or from parts.

use hoopoe_crds::secrets::SecretRef;
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::Url;

use super::{DereferenceError, EnvFromSecret, Secrets};

/// The variables of one kind of server, and how its URI looks.
pub(super) struct ServerKind {
    /// `HOOPOE_AMQP_URL` and so on.
    pub url: &'static str,
    pub host: &'static str,
    pub port: &'static str,
    pub username: &'static str,
    pub password: &'static str,
    /// What a URI of it may start with; the last speaks TLS from the first byte on, where there is such a one.
    pub schemes: &'static [&'static str],
    pub default_port: u16,
    pub default_tls_port: u16,
    /// The keys that may hold a whole URI, the first one there is taken.
    pub uri_keys: &'static [&'static str],
    /// The keys that may hold a user's name.
    pub username_keys: &'static [&'static str],
    /// Said when neither a URI nor parts are there.
    pub wanted: &'static str,
}

/// What a Secret says of a server.
#[derive(Debug)]
pub(super) struct Server {
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

impl ServerKind {
    /// Reads a Secret: a URI if there is one, else the parts. Parts beside a URI are what operators write for other readers.
    pub(super) fn read(&self, secrets: &Secrets, reference: &SecretRef) -> Result<Server, DereferenceError> {
        secrets.must_exist(reference)?;
        for key in self.uri_keys {
            if let Some(text) = secrets.text(reference, key)? {
                return self.of_uri(reference, key, text);
            }
        }
        self.of_parts(secrets, reference)
    }

    fn of_uri(&self, reference: &SecretRef, key: &'static str, text: &str) -> Result<Server, DereferenceError> {
        let invalid = |detail| DereferenceError::SecretKeyInvalid { secret: reference.name.clone(), key, detail };
        let url =
            Url::parse(text).map_err(|_| invalid("it must be a URI such as scheme://user:password@host:port/path"))?;
        if !self.schemes.contains(&url.scheme()) {
            return Err(invalid("its scheme is that of another kind of server"));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| invalid("it must name a host"))?;
        let tls = matches!(url.scheme(), "amqps" | "rediss");
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        Ok(Server {
            env: vec![EnvFromSecret::Key { variable: self.url, secret: reference.name.clone(), key: key.to_owned() }],
            host: host.to_owned(),
            port: url.port().unwrap_or(if tls { self.default_tls_port } else { self.default_port }),
            username: decoded(url.username()),
            password: SecretString::from(decoded(url.password().unwrap_or_default())),
            tls,
            path: url.path().strip_prefix('/').filter(|path| !path.is_empty()).map(decoded),
            in_parts: false,
        })
    }

    fn of_parts(&self, secrets: &Secrets, reference: &SecretRef) -> Result<Server, DereferenceError> {
        let missing = || DereferenceError::SecretKeyMissing { secret: reference.name.clone(), wanted: self.wanted };
        let host = secrets.text(reference, "host")?.ok_or_else(missing)?;
        let port = match secrets.text(reference, "port")? {
            None => self.default_port,
            Some(text) => text.trim().parse().map_err(|_| DereferenceError::SecretKeyInvalid {
                secret: reference.name.clone(),
                key: "port",
                detail: "it must be a number from 1 to 65535",
            })?,
        };
        let variable =
            |variable, key: &str| EnvFromSecret::Key { variable, secret: reference.name.clone(), key: key.to_owned() };
        let mut env = vec![variable(self.host, "host")];
        if secrets.bytes(reference, "port").is_some() {
            env.push(variable(self.port, "port"));
        }
        let mut username = "";
        for key in self.username_keys {
            if let Some(text) = secrets.text(reference, key)? {
                env.push(variable(self.username, key));
                username = text;
                break;
            }
        }
        let password = secrets.text(reference, "password")?;
        if password.is_some() {
            env.push(variable(self.password, "password"));
        }
        Ok(Server {
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
