//! The tables of the house: what each check allows.

/// The rooms of one crate.
pub struct House {
    /// Where its sources are.
    pub folder: &'static str,
    /// Its rooms, from below to above.
    pub rooms: &'static [Room],
    /// Which foreign crates some of them may not name.
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
    /// Which rooms, or files of them.
    pub rooms: &'static [&'static str],
    /// What they may not name.
    pub paths: &'static [&'static str],
    /// Why, as the end of the sentence "names X, but …".
    pub reason: &'static str,
}

/// Which files may list the fields of a type.
pub struct Fields {
    /// Of what.
    pub of: &'static str,
    /// Its fields.
    pub names: &'static [&'static str],
    /// A file that names all but so many lists them.
    pub short_of_all: usize,
    /// The lists that are allowed.
    pub lists: &'static [List],
}

/// A list that is allowed.
pub struct List {
    /// In which file.
    pub path: &'static str,
    /// What for.
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
        room("rule", &[]),
        room("schema", &[]),
        room("unknown_keys", &[]),
        room("yaml", &[]),
        room("original", &[]),
        room("values_schema", &[]),
        room("secrets", &["rule"]),
        room("status", &["schema"]),
        room("worker_config", &["duration", "rule", "unknown_keys", "yaml"]),
        room("policy", &["worker_config"]),
        room("workload", &["duration", "rule", "secrets"]),
        room("producer", &["rule", "schema", "secrets", "status", "worker_config", "workload"]),
        room("consumer", &["duration", "rule", "schema", "secrets", "status", "worker_config", "workload"]),
        room("manifest", &["consumer", "producer", "unknown_keys", "worker_config", "workload", "yaml"]),
        room("register", &["manifest", "original"]),
        room("validate", &["consumer", "duration", "manifest", "producer", "secrets", "worker_config", "workload"]),
        room("worker_configs", &["consumer", "manifest", "producer", "worker_config", "workload"]),
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
        // The traits, and beside them what implements them: named by the factory alone.
        room("broker", &["timestamp"]),
        room("broker/open", &["broker", "broker/amqp", "broker/embedded", "config"]),
        room("broker/amqp", &["broker", "timestamp", "tls"]),
        room("broker/embedded", &["broker", "sqlite_file", "timestamp"]),
        room("store", &["notif", "timestamp"]),
        room("store/sql", &["notif", "sqlite_file", "store", "timestamp"]),
        room("store/migration", &["store"]),
        room("cache", &["notif", "store"]),
        room("cache/redis", &["cache", "notif", "store", "tls"]),
        room("cache/memory", &["cache", "notif", "store"]),
        // What Hoopoe does, without a protocol.
        room("inbox", &["cache", "notif", "store", "timestamp"]),
        room("ingest", &["broker", "notif", "timestamp"]),
        room("consumer", &["broker", "inbox", "notif", "store", "timestamp"]),
        // HTTP, and what is put together on top.
        room("edge", &["identity", "inbox", "ingest", "notif", "store", "timestamp"]),
        room(
            "roles",
            &[
                "broker",
                "cache",
                "config",
                "consumer",
                "edge",
                "identity",
                "inbox",
                "ingest",
                "notif",
                "store",
                "telemetry",
            ],
        ),
        room(
            "dev",
            &["broker", "cache", "config", "consumer", "edge", "inbox", "ingest", "roles", "store", "telemetry"],
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
        paths: &["axum", "utoipa_axum", "tower_http", "hyper"],
        reason: "only the edge and what is above it know HTTP",
    }],
};

/// The crate `hoopoe-operator`: a room for each step, and `controller` and `cli`, which run them.
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
        room("status", &[]),
        room("validate", &["resource", "status"]),
        room("dereference", &["lib"]),
        room("scale", &["resource", "status"]),
        room("broker", &["dereference"]),
        room("desired", &["dereference", "resource", "scale", "status", "validate"]),
        room("topology", &["broker", "lib", "resource", "status", "validate"]),
        room("apply", &["desired", "resource", "status"]),
        room("metrics", &["apply"]),
        room("register", &["desired", "resource"]),
        room("config", &["register"]),
        room("election", &[]),
        room(
            "controller",
            &[
                "admin",
                "apply",
                "broker",
                "config",
                "dereference",
                "desired",
                "metrics",
                "resource",
                "scale",
                "served",
                "status",
                "topology",
                "upgrade",
                "validate",
            ],
        ),
        room(
            "cli",
            &[
                "admin",
                "api_requests",
                "apply",
                "broker",
                "config",
                "controller",
                "dereference",
                "desired",
                "election",
                "metrics",
                "register",
                "resource",
                "scale",
                "served",
                "topology",
                "validate",
            ],
        ),
    ],
    bans: &[Ban {
        rooms: &[
            "desired",
            "scale",
            "status",
            "topology/claims",
            "topology/deletion",
            "topology/desired",
            "topology/diff",
            "validate",
        ],
        paths: &["kube::Client", "kube::Api", "kube::client", "reqwest", "rabbitmq_http_client::api", "tokio"],
        reason: "what decides has no client",
    }],
};

/// All rooms of a crate, for a [`Ban`].
const EVERY_ROOM: &[&str] = &[""];

/// A notification: its type, its parser, its columns, and what people type.
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
        List { path: "service/src/notif/parse.rs", why: "from bytes to the type" },
        List { path: "service/src/store/sql/columns.rs", why: "the columns, for every statement" },
        List { path: "service/src/store/migration/m0001_inbox.rs", why: "the table as the first migration makes it" },
        List { path: "service/src/client/send.rs", why: "the arguments of `hoopoe send`" },
    ],
};
