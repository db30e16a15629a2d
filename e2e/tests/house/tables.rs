//! The tables of what each check allows.

/// The rooms of one crate.
pub struct House {
    /// The folder of its sources.
    pub folder: &'static str,
    /// Its rooms, from the lowest layer to the highest.
    pub rooms: &'static [Room],
    /// The foreign crates that some of its rooms may not name.
    pub bans: &'static [Ban],
}

/// A room: a file or a folder of the sources. A file belongs to the room with the longest name that fits.
pub struct Room {
    /// Its name, such as `store`; a room inside a room has a row of its own, such as `store/sql`.
    pub name: &'static str,
    /// The rooms that it may name.
    pub may_name: &'static [&'static str],
}

/// A foreign crate, or a part of one, that some rooms may not name.
pub struct Ban {
    /// The rooms, or files in them, that the ban applies to.
    pub rooms: &'static [&'static str],
    /// The crate, or the part of it, that they may not name.
    pub paths: &'static [&'static str],
    /// The reason, as the end of the sentence "names X, but …".
    pub reason: &'static str,
}

/// The files that may list the fields of a type.
pub struct Fields {
    /// The name of the type.
    pub of: &'static str,
    /// The fields of the type.
    pub names: &'static [&'static str],
    /// A file counts as a list if it names all fields except at most this number.
    pub short_of_all: usize,
    /// The allowed lists.
    pub lists: &'static [List],
}

/// An allowed list.
pub struct List {
    /// The file of the list.
    pub path: &'static str,
    /// The purpose of the list.
    pub why: &'static str,
}

const fn room(name: &'static str, may_name: &'static [&'static str]) -> Room {
    Room { name, may_name }
}

/// The crate `hoopoe-crds`: types, and the pure steps between them.
pub const CRDS: House = House {
    folder: "crds/src",
    rooms: &[
        room("lib", &[]),
        room("duration", &[]),
        room("rule", &["ports"]),
        room("schema", &[]),
        room("unknown_keys", &[]),
        room("yaml", &[]),
        room("environment", &[]),
        room("ports", &[]),
        room("original", &[]),
        room("values_schema", &[]),
        room("secrets", &["rule"]),
        room("status", &["schema"]),
        room("worker_config", &["duration", "ports", "rule", "unknown_keys", "yaml"]),
        room("policy", &["worker_config"]),
        room("workload", &["duration", "rule", "secrets"]),
        room("producer", &["ports", "rule", "schema", "secrets", "status", "worker_config", "workload"]),
        room("consumer", &["duration", "ports", "rule", "schema", "secrets", "status", "worker_config", "workload"]),
        room("manifest", &["consumer", "producer", "unknown_keys", "workload", "yaml"]),
        room("register", &["manifest", "original"]),
        room(
            "validate",
            &["consumer", "duration", "manifest", "ports", "producer", "secrets", "worker_config", "workload"],
        ),
        room("worker_configs", &["consumer", "producer", "worker_config", "workload"]),
    ],
    bans: &[Ban {
        rooms: EVERY_ROOM,
        paths: &["tokio", "axum", "kube::Client", "kube::Api", "kube::client", "reqwest"],
        reason: "these types have no client and no runtime",
    }],
};

/// The crate `hoopoe`: `notif` ← {`ingest`, `consumer`, `inbox`} ← `edge` ← `roles` ← `dev`.
pub const SERVICE: House = House {
    folder: "service/src",
    rooms: &[
        room("lib", &[]),
        room("timestamp", &[]),
        room("tls", &[]),
        room("sqlite_file", &[]),
        room("config", &[]),
        room("telemetry", &[]),
        room("notif", &["timestamp"]),
        room("identity", &["notif"]),
        // Traits. The rooms inside implement them, and only the factory next to a trait may name those rooms.
        room("broker", &["timestamp"]),
        room("broker/amqp", &["broker", "timestamp", "tls"]),
        room("broker/embedded", &["broker", "sqlite_file", "timestamp"]),
        room("broker/open", &["broker", "broker/amqp", "broker/embedded"]),
        room("store", &["notif", "sqlite_file", "store/migration", "timestamp"]),
        room("store/migration", &["store"]),
        room("cache", &["notif", "store"]),
        room("cache/memory", &["cache", "notif", "store"]),
        room("cache/redis", &["cache", "notif", "store", "tls"]),
        room("cache/open", &["cache", "cache/memory", "cache/redis"]),
        // The core of Hoopoe, without a protocol.
        room("inbox", &["cache", "notif", "store", "timestamp"]),
        room("ingest", &["broker", "identity", "notif", "timestamp"]),
        room("consumer", &["broker", "inbox", "notif", "store", "telemetry", "timestamp"]),
        // HTTP, and the roles that combine the rooms below.
        room("edge", &["broker", "identity", "inbox", "ingest", "notif", "store", "telemetry", "timestamp"]),
        room(
            "roles",
            &[
                "broker",
                "broker/open",
                "cache",
                "cache/open",
                "config",
                "consumer",
                "edge",
                "identity",
                "inbox",
                "ingest",
                "store",
                "telemetry",
            ],
        ),
        room(
            "dev",
            &[
                "broker",
                "broker/open",
                "cache",
                "cache/open",
                "config",
                "consumer",
                "edge",
                "identity",
                "inbox",
                "ingest",
                "roles",
                "store",
                "telemetry",
            ],
        ),
        // Programs that speak to the roles over the network.
        room("client", &["store", "timestamp"]),
        room("ledger", &["client", "store"]),
    ],
    bans: &[Ban {
        rooms: &[
            "broker",
            "cache",
            "client",
            "config",
            "consumer",
            "identity",
            "inbox",
            "ingest",
            "ledger",
            "notif",
            "sqlite_file",
            "store",
            "telemetry",
            "timestamp",
            "tls",
        ],
        paths: &["axum", "hoopoe_web::Problem", "hyper", "tower_http", "utoipa_axum"],
        reason: "only the edge and what is above it know HTTP",
    }],
};

/// The crate `hoopoe-web`: the parts that all HTTP servers share. It names no room of the service or the operator.
pub const WEB: House = House {
    folder: "service/web/src",
    rooms: &[],
    bans: &[Ban {
        rooms: EVERY_ROOM,
        paths: &["hoopoe", "hoopoe_operator", "kube"],
        reason: "both surfaces build on it",
    }],
};

/// The crate `hoopoe-operator`: a room for each step, `pipeline`, which composes them, and `controller` and `cli`,
/// which run them.
pub const OPERATOR: House = House {
    folder: "operator/src",
    rooms: &[
        room("lib", &[]),
        room("resource", &[]),
        room("served", &[]),
        room("telemetry", &[]),
        room("admin", &[]),
        room("api_requests", &[]),
        room("upgrade", &[]),
        room("election", &[]),
        room("strategic_merge", &[]),
        room("names", &["resource"]),
        room("status", &[]),
        room("validate", &["names", "resource", "status", "strategic_merge"]),
        room("dereference", &["lib", "resource"]),
        room("scale", &["resource", "status"]),
        // The interface to the brokers: plain data and a trait. Only `brokers` chooses the implementation.
        room("topology", &["resource", "status", "validate"]),
        room("rabbitmq", &["dereference", "lib", "resource", "topology"]),
        room("brokers", &["dereference", "rabbitmq", "topology"]),
        room("desired", &["dereference", "names", "resource", "scale", "status", "strategic_merge", "validate"]),
        room("apply", &["desired", "names", "resource", "status"]),
        room("pipeline", &["dereference", "desired", "resource", "scale", "topology", "validate"]),
        room("metrics", &["apply"]),
        room("register", &["names", "resource"]),
        room("config", &["register"]),
        room(
            "controller",
            &[
                "admin",
                "apply",
                "brokers",
                "config",
                "dereference",
                "desired",
                "metrics",
                "names",
                "pipeline",
                "resource",
                "scale",
                "served",
                "status",
                "topology",
                "upgrade",
            ],
        ),
        room(
            "cli",
            &[
                "admin",
                "api_requests",
                "apply",
                "brokers",
                "config",
                "controller",
                "dereference",
                "desired",
                "election",
                "metrics",
                "names",
                "pipeline",
                "register",
                "resource",
                "served",
                "topology",
            ],
        ),
    ],
    bans: &[Ban {
        rooms: &[
            "desired",
            "names",
            "rabbitmq/claims",
            "rabbitmq/deletion",
            "rabbitmq/desired",
            "rabbitmq/diff",
            "scale",
            "status",
            "strategic_merge",
            "validate",
        ],
        paths: &["kube::Api", "kube::Client", "kube::client", "rabbitmq_http_client::api", "reqwest"],
        reason: "what decides has no client",
    }],
};

/// All rooms of a crate, for a [`Ban`].
const EVERY_ROOM: &[&str] = &[""];

/// The fields of a notification: in its type, its parser, its columns and the command line.
pub const NOTIFICATION: Fields = Fields {
    of: "a notification",
    names: &[
        "owner",
        "id",
        "source_id",
        "kind",
        "actor",
        "title",
        "body",
        "data",
        "priority",
        "created_at",
        "expires_at",
    ],
    short_of_all: 3,
    lists: &[
        List { path: "service/src/notif/notification.rs", why: "the type" },
        List { path: "service/src/notif/field.rs", why: "the names on the wire" },
        List { path: "service/src/store/entity/notification.rs", why: "the columns, for every statement" },
        List {
            path: "service/src/edge/http/original.rs",
            why: "the names that the original service gave to the fields",
        },
        List { path: "service/src/store/migration/m0001_inbox.rs", why: "the table as the first migration makes it" },
        List { path: "service/src/client/draft.rs", why: "what `hoopoe send` posts" },
        List { path: "service/src/client/send.rs", why: "the arguments of `hoopoe send`" },
        List { path: "service/src/client/wire.rs", why: "what `hoopoe inbox` shows" },
    ],
};
