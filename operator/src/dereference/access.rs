//! What the Secrets of a resource say.

use hoopoe_crds::environment::Server;
use secrecy::SecretString;

/// How the operator reaches a broker's management API, and which broker that is.
#[derive(Clone, Debug)]
pub struct BrokerAccess {
    /// Host and port of AMQP as the workers use them; for `NetworkPolicies` and Events. Never credentials.
    pub amqp_host: String,
    /// AMQP's port.
    pub amqp_port: u16,
    /// The virtual host: the spec's, else the URI's path, else `/`.
    pub vhost: String,
    /// The management API.
    pub management: ManagementAccess,
}

/// The management API of a broker.
#[derive(Clone, Debug)]
pub struct ManagementAccess {
    /// `http://host:15672` or `https://host:15671`, without credentials and path.
    pub url: String,
    /// Its user; needs the tag `policymaker` and rights on the virtual host.
    pub username: String,
    /// That user's password.
    pub password: SecretString,
    /// TLS, where the URL is `https`.
    pub tls: Option<TlsMaterial>,
}

/// Certificates for a connection of the operator's own.
#[derive(Clone, Debug)]
pub struct TlsMaterial {
    /// PEM of the authorities to trust instead of the system's.
    pub ca: Option<Vec<u8>>,
    /// PEM of the client's certificate and key.
    pub identity: Option<(Vec<u8>, SecretString)>,
    /// The name that the server's certificate must carry, when it is not the URL's host.
    pub server_name: Option<String>,
}

/// What the pods of a resource take from Secrets, a role each. A producer has only `worker`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerSecrets {
    /// The producer or consumer container.
    pub worker: RoleSecrets,
    /// The API container.
    pub api: RoleSecrets,
    /// The init container that migrates the schema.
    pub migrate: RoleSecrets,
    /// Host and port of each server that the Secrets name (broker, Postgres, Redis), for `NetworkPolicies`.
    pub servers: Vec<(String, u16)>,
}

/// What one container takes from Secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleSecrets {
    /// Environment variables, in the order in which they are written.
    pub env: Vec<EnvFromSecret>,
    /// Files, mounted read-only.
    pub files: Vec<SecretFile>,
    /// A keyed hash of every value used, so that a rotated credential rolls exactly the workers that use it. 32
    /// hexadecimal digits.
    pub hash: String,
}

/// `HOOPOE_AMQP_URL` from the key `uri`, and so on. A literal where the Secret has no such key (a vhost from the spec).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvFromSecret {
    /// From a key of a Secret.
    Key {
        /// The variable.
        variable: &'static str,
        /// The Secret, in the resource's namespace.
        secret: String,
        /// The key in it.
        key: String,
    },
    /// Not secret: the spec says it, or a Secret leaves it out and the default is written.
    Literal {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
    },
}

/// One key of a Secret as a file: `/etc/hoopoe/tls/<server>/<file>`, the paths that
/// [`hoopoe_crds::worker_config::TlsConfig`] names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretFile {
    /// The server that it is for.
    pub server: Server,
    /// The Secret.
    pub secret: String,
    /// The key in it: `ca.crt`, `tls.crt` or `tls.key`; also the file's name.
    pub key: &'static str,
}
