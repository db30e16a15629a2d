//! The servers that workers talk to, and the environment variables that say where they are: the operator writes these
//! variables, a worker reads them.

/// RabbitMQ's management API, where `hoopoe dev` sets policies. The operator never sets it.
pub const AMQP_MANAGEMENT_URL: &str = "HOOPOE_AMQP_MANAGEMENT_URL";
/// The level of a process's logs.
pub const LOG: &str = "HOOPOE_LOG";

/// The port of RabbitMQ's management API.
pub const MANAGEMENT_PORT: u16 = 15672;
/// The port of RabbitMQ's management API with TLS.
pub const MANAGEMENT_TLS_PORT: u16 = 15671;

/// A server that workers talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Server {
    /// RabbitMQ.
    Broker,
    /// The database that keeps the inbox.
    Postgres,
    /// The cache.
    Redis,
}

/// One of the variables by which a worker is told where a server is: a whole URL, or its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variable {
    /// The whole URL.
    Url,
    /// The host; where it is set the parts are read and not the URL.
    Host,
    /// The port.
    Port,
    /// The user's name.
    Username,
    /// The user's password.
    Password,
    /// The path of a URL: a virtual host or a database.
    Path,
    /// Whether the connection is encrypted: `true` or `false`; for Postgres, its `sslmode`.
    Encryption,
}

impl Server {
    /// Its key in a spec, and the folder of its certificates.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Broker => "broker",
            Self::Postgres => "postgres",
            Self::Redis => "redis",
        }
    }

    /// The name of the product.
    pub const fn product(self) -> &'static str {
        match self {
            Self::Broker => "RabbitMQ",
            Self::Postgres => "Postgres",
            Self::Redis => "Redis",
        }
    }

    /// The name of one of its variables.
    pub const fn variable(self, variable: Variable) -> &'static str {
        match (self, variable) {
            (Self::Broker, Variable::Url) => "HOOPOE_AMQP_URL",
            (Self::Broker, Variable::Host) => "HOOPOE_AMQP_HOST",
            (Self::Broker, Variable::Port) => "HOOPOE_AMQP_PORT",
            (Self::Broker, Variable::Username) => "HOOPOE_AMQP_USERNAME",
            (Self::Broker, Variable::Password) => "HOOPOE_AMQP_PASSWORD",
            (Self::Broker, Variable::Path) => "HOOPOE_AMQP_VHOST",
            (Self::Broker, Variable::Encryption) => "HOOPOE_AMQP_TLS",
            (Self::Postgres, Variable::Url) => "HOOPOE_POSTGRES_URL",
            (Self::Postgres, Variable::Host) => "HOOPOE_POSTGRES_HOST",
            (Self::Postgres, Variable::Port) => "HOOPOE_POSTGRES_PORT",
            (Self::Postgres, Variable::Username) => "HOOPOE_POSTGRES_USERNAME",
            (Self::Postgres, Variable::Password) => "HOOPOE_POSTGRES_PASSWORD",
            (Self::Postgres, Variable::Path) => "HOOPOE_POSTGRES_DATABASE",
            (Self::Postgres, Variable::Encryption) => "HOOPOE_POSTGRES_SSLMODE",
            (Self::Redis, Variable::Url) => "HOOPOE_REDIS_URL",
            (Self::Redis, Variable::Host) => "HOOPOE_REDIS_HOST",
            (Self::Redis, Variable::Port) => "HOOPOE_REDIS_PORT",
            (Self::Redis, Variable::Username) => "HOOPOE_REDIS_USERNAME",
            (Self::Redis, Variable::Password) => "HOOPOE_REDIS_PASSWORD",
            (Self::Redis, Variable::Path) => "HOOPOE_REDIS_DATABASE",
            (Self::Redis, Variable::Encryption) => "HOOPOE_REDIS_TLS",
        }
    }

    /// What a URL of it may start with. We write the first of them.
    pub const fn schemes(self) -> &'static [&'static str] {
        match self {
            Self::Broker => &["amqp", "amqps"],
            Self::Postgres => &["postgres", "postgresql"],
            Self::Redis => &["redis", "rediss"],
        }
    }

    /// The scheme of a connection that is encrypted from its first byte; `None`: there is no such scheme.
    pub const fn tls_scheme(self) -> Option<&'static str> {
        match self {
            Self::Broker => Some("amqps"),
            Self::Postgres => None,
            Self::Redis => Some("rediss"),
        }
    }

    /// The port where a URL or the parts name none.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Broker => 5672,
            Self::Postgres => 5432,
            Self::Redis => 6379,
        }
    }

    /// The same for a URL with [`Self::tls_scheme`].
    pub const fn default_tls_port(self) -> u16 {
        match self {
            Self::Broker => 5671,
            Self::Postgres => 5432,
            Self::Redis => 6379,
        }
    }

    /// The virtual host or the database where the parts name none.
    pub const fn default_path(self) -> &'static str {
        match self {
            Self::Broker => "/",
            Self::Postgres => "postgres",
            Self::Redis => "0",
        }
    }
}
