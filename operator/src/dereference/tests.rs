//! The key names that users and other operators write, and how each is read.

use hoopoe_crds::{Manifest, consumer::NotifConsumerSpec, producer::NotifProducerSpec};
use secrecy::ExposeSecret;

use super::*;

type Data<'a> = &'a [(&'a str, &'a [(&'a str, &'a str)])];

const CONSUMER: &str = "
apiVersion: hoopoe.app/v1alpha1
kind: NotifConsumer
metadata: {name: inbox}
spec:
  broker: {secretRef: {name: rabbit}}
  postgres: {secretRef: {name: pg}}
  redis: {secretRef: {name: redis}}
  queue: {name: inbox}
  bindings: [{exchange: events}]
";

fn consumer_spec(edit: impl Fn(&mut NotifConsumerSpec)) -> NotifConsumerSpec {
    let (mut manifests, _) = Manifest::read_all(CONSUMER).unwrap();
    let Some(Manifest::Consumer(resource)) = manifests.pop() else { panic!("no consumer in the text") };
    let mut spec = resource.spec;
    edit(&mut spec);
    spec
}

fn producer_spec(edit: impl Fn(&mut NotifProducerSpec)) -> NotifProducerSpec {
    let text = "
apiVersion: hoopoe.app/v1alpha1
kind: NotifProducer
metadata: {name: events}
spec: {broker: {secretRef: {name: rabbit}}, exchange: {name: events}}
";
    let (mut manifests, _) = Manifest::read_all(text).unwrap();
    let Some(Manifest::Producer(resource)) = manifests.pop() else { panic!("no producer in the text") };
    let mut spec = resource.spec;
    edit(&mut spec);
    spec
}

fn read_producer(data: Data, edit: impl Fn(&mut NotifProducerSpec)) -> Result<Dereferenced, DereferenceError> {
    producer_from(&Secrets::from_data(data.iter().copied()), "uid", &producer_spec(edit))
}

fn variables(role: &RoleSecrets) -> Vec<String> {
    let text = |env: &EnvFromSecret| match env {
        EnvFromSecret::Key { variable, secret, key } => format!("{variable}<{secret}.{key}"),
        EnvFromSecret::Literal { variable, value } => format!("{variable}={value}"),
    };
    role.env.iter().map(text).collect()
}

/// As RabbitMQ's cluster operator writes it (version 2.x).
const RABBIT_OPERATOR: &[(&str, &str)] = &[
    ("connection_string", "amqp://default_user_x:p%40ss@rabbit.mq.svc:5672/"),
    ("default_user.conf", "default_user = default_user_x\ndefault_pass = p@ss\n"),
    ("host", "rabbit.mq.svc"),
    ("password", "p@ss"),
    ("port", "5672"),
    ("provider", "rabbitmq"),
    ("type", "rabbitmq"),
    ("username", "default_user_x"),
];

/// As CloudNativePG writes it (version 1.26).
const CLOUD_NATIVE_PG: &[(&str, &str)] = &[
    ("dbname", "app"),
    ("fqdn-uri", "postgresql://app:secret@pg-rw.db.svc.cluster.local:5432/app"),
    ("host", "pg-rw"),
    ("jdbc-uri", "jdbc:postgresql://pg-rw.db:5432/app?password=secret&user=app"),
    ("password", "secret"),
    ("pgpass", "pg-rw:5432:app:app:secret\n"),
    ("port", "5432"),
    ("uri", "postgresql://app:secret@pg-rw.db:5432/app"),
    ("user", "app"),
    ("username", "app"),
];

#[test]
fn a_uri_gives_the_workers_a_url_and_the_operator_the_same_host() {
    let data: Data = &[("rabbit", &[("uri", "amqp://user:p%2Fw@rabbit:5673/orders%2Feu")])];
    let read = read_producer(data, |_| ()).unwrap();
    assert_eq!(variables(&read.workers.worker), ["HOOPOE_AMQP_URL<rabbit.uri"]);
    assert_eq!(read.workers.servers, [("rabbit".to_owned(), 5673)]);
    let BrokerAccess { amqp_host, amqp_port, vhost, management } = read.broker;
    assert_eq!((amqp_host.as_str(), amqp_port, vhost.as_str()), ("rabbit", 5673, "orders/eu"));
    assert_eq!((management.url.as_str(), management.username.as_str()), ("http://rabbit:15672", "user"));
    assert_eq!(management.password.expose_secret(), "p/w");
}

#[test]
fn amqps_means_https_for_the_management_api() {
    let read = read_producer(&[("rabbit", &[("uri", "amqps://u:p@rabbit")])], |_| ()).unwrap();
    assert_eq!(read.broker.management.url, "https://rabbit:15671");
    assert_eq!((read.broker.amqp_port, read.broker.vhost.as_str()), (5671, "/"));
}

#[test]
fn the_secret_of_rabbitmqs_cluster_operator_is_taken_as_it_is() {
    let read = read_producer(&[("rabbit", RABBIT_OPERATOR)], |_| ()).unwrap();
    let expected = [
        "HOOPOE_AMQP_HOST<rabbit.host",
        "HOOPOE_AMQP_PORT<rabbit.port",
        "HOOPOE_AMQP_USERNAME<rabbit.username",
        "HOOPOE_AMQP_PASSWORD<rabbit.password",
    ];
    assert_eq!(variables(&read.workers.worker), expected);
    assert_eq!(read.broker.management.password.expose_secret(), "p@ss");
    let only: Data = &[("rabbit", &[("connection_string", "amqp://u:p@rabbit:5672/")])];
    let read = read_producer(only, |_| ()).unwrap();
    assert_eq!(variables(&read.workers.worker), ["HOOPOE_AMQP_URL<rabbit.connection_string"]);
}

#[test]
fn the_specs_vhost_wins_and_reaches_the_workers() {
    let edit = |spec: &mut NotifProducerSpec| spec.broker.vhost = Some("other".to_owned());
    let read = read_producer(&[("rabbit", &[("uri", "amqp://u:p@rabbit/path")])], edit).unwrap();
    assert_eq!(read.broker.vhost, "other");
    assert_eq!(variables(&read.workers.worker), ["HOOPOE_AMQP_URL<rabbit.uri", "HOOPOE_AMQP_VHOST=other"]);
}

#[test]
fn a_management_secret_brings_an_address_or_credentials_of_its_own() {
    let edit = |spec: &mut NotifProducerSpec| {
        spec.broker.management_secret_ref = Some(hoopoe_crds::secrets::SecretRef { name: "admin".to_owned() });
    };
    let uri = ("uri", "amqp://u:p@rabbit");
    let own = [("managementUri", "https://boss:b%40ss@mgmt:443/")];
    let read = read_producer(&[("rabbit", &[uri]), ("admin", &own)], edit).unwrap();
    let management = read.broker.management;
    assert_eq!((management.url.as_str(), management.username.as_str()), ("https://mgmt", "boss"));
    assert_eq!(management.password.expose_secret(), "b@ss");
    let credentials = [("username", "boss"), ("password", "secret")];
    let read = read_producer(&[("rabbit", &[uri]), ("admin", &credentials)], edit).unwrap();
    let management = read.broker.management;
    assert_eq!((management.url.as_str(), management.username.as_str()), ("http://rabbit:15672", "boss"));
}

#[test]
fn cloudnativepgs_secret_and_redis_parts_reach_worker_api_and_migration_each_its_share() {
    let parts: Vec<_> = CLOUD_NATIVE_PG.iter().copied().filter(|(key, _)| !key.ends_with("uri")).collect();
    let data: Data = &[
        ("rabbit", RABBIT_OPERATOR),
        ("pg", &parts),
        ("migrator", CLOUD_NATIVE_PG),
        ("redis", &[("host", "valkey"), ("password", "r")]),
    ];
    let spec = consumer_spec(|spec| {
        spec.postgres.migration_secret_ref = Some(hoopoe_crds::secrets::SecretRef { name: "migrator".to_owned() });
    });
    let read = consumer_from(&Secrets::from_data(data.iter().copied()), "uid", &spec).unwrap();
    let stores = [
        "HOOPOE_POSTGRES_HOST<pg.host",
        "HOOPOE_POSTGRES_PORT<pg.port",
        "HOOPOE_POSTGRES_USERNAME<pg.username",
        "HOOPOE_POSTGRES_PASSWORD<pg.password",
        "HOOPOE_POSTGRES_DATABASE<pg.dbname",
        "HOOPOE_REDIS_HOST<redis.host",
        "HOOPOE_REDIS_PASSWORD<redis.password",
    ];
    assert_eq!(variables(&read.workers.api), stores);
    assert_eq!(variables(&read.workers.worker)[4..], stores);
    assert_eq!(variables(&read.workers.migrate), ["HOOPOE_POSTGRES_URL<migrator.uri"]);
    let servers = [("pg-rw", 5432), ("pg-rw.db", 5432), ("rabbit.mq.svc", 5672), ("valkey", 6379)];
    assert_eq!(read.workers.servers, servers.map(|(host, port)| (host.to_owned(), port)));
    assert_eq!(spec.secret_names().into_iter().collect::<Vec<_>>(), ["migrator", "pg", "rabbit", "redis"]);
}

#[test]
fn a_rotated_credential_changes_the_hash_of_exactly_the_roles_that_use_it() {
    let read = |amqp: &str, redis: &str, uid: &str| {
        let data: Data = &[
            ("rabbit", &[("uri", amqp)]),
            ("pg", &[("uri", "postgres://u:p@pg/db"), ("unused", redis)]),
            ("redis", &[("uri", redis)]),
        ];
        let workers =
            consumer_from(&Secrets::from_data(data.iter().copied()), uid, &consumer_spec(|_| ())).unwrap().workers;
        (workers.worker.hash, workers.api.hash, workers.migrate.hash)
    };
    let before = read("amqp://u:p@r", "redis://r", "uid");
    let broker = read("amqp://u:new@r", "redis://r", "uid");
    assert!(before.0 != broker.0 && before.1 == broker.1 && before.2 == broker.2);
    let redis = read("amqp://u:p@r", "redis://:new@r", "uid");
    assert!(before.0 != redis.0 && before.1 != redis.1 && before.2 == redis.2, "the key `unused` changes no hash");
    assert_ne!(before, read("amqp://u:p@r", "redis://r", "other"), "the hash is keyed");
    assert_eq!(before, read("amqp://u:p@r", "redis://r", "uid"));
}

#[test]
fn tls_becomes_files_and_material_and_a_missing_key_is_named() {
    let edit = |spec: &mut NotifProducerSpec| {
        let reference = |name: &str| Some(hoopoe_crds::secrets::SecretRef { name: name.to_owned() });
        spec.broker.tls = Some(hoopoe_crds::secrets::TlsRef {
            ca_secret_ref: reference("ca"),
            cert_secret_ref: reference("cert"),
            server_name: Some("rabbit.internal".to_owned()),
        });
    };
    let (ca, cert) = (("ca.crt", "CA"), [("tls.crt", "CRT"), ("tls.key", "KEY")]);
    let read = read_producer(&[("rabbit", RABBIT_OPERATOR), ("ca", &[ca]), ("cert", &cert)], edit).unwrap();
    let files: Vec<_> = read.workers.worker.files.iter().map(|file| (file.secret.as_str(), file.key)).collect();
    assert_eq!(files, [("ca", "ca.crt"), ("cert", "tls.crt"), ("cert", "tls.key")]);
    assert!(variables(&read.workers.worker).contains(&"HOOPOE_AMQP_TLS=true".to_owned()));
    assert_eq!(read.broker.management.url, "https://rabbit.mq.svc:15671");
    let material = read.broker.management.tls.unwrap();
    assert_eq!((material.ca.as_deref(), material.server_name.as_deref()), (Some(&b"CA"[..]), Some("rabbit.internal")));
    let error = read_producer(&[("rabbit", RABBIT_OPERATOR), ("ca", &[ca]), ("cert", &cert[..1])], edit).unwrap_err();
    assert_eq!(error.to_string(), "failed to find tls.key in the Secret cert");
}

#[test]
fn what_is_missing_or_wrong_is_named_and_never_shown() {
    let said = |data: Data| read_producer(data, |_| ()).unwrap_err().to_string();
    assert_eq!(said(&[]), "failed to find the Secret rabbit: create it in the namespace of the resource");
    let none = said(&[("rabbit", &[("other", "x")])]);
    assert_eq!(none, "failed to find the key uri, or the keys host, username and password in the Secret rabbit");
    for bad in ["secret", "http://u:secret@host", "amqp://u:secret@", "amqp://u:secret@host:99999"] {
        let error = said(&[("rabbit", &[("uri", bad)])]);
        assert!(error.contains("key uri of the Secret rabbit") && !error.contains("secret@"), "{bad}: {error}");
    }
    let port = said(&[("rabbit", &[("host", "r"), ("port", "many")])]);
    assert!(port.contains("key port") && port.contains("1 to 65535"), "{port}");
    assert!(!format!("{:?}", read_producer(&[("rabbit", RABBIT_OPERATOR)], |_| ()).unwrap()).contains("p@ss"));
}
