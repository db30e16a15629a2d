//! Reads the Secrets of a broker: the address for the workers, and the management API for the operator.

use hoopoe_crds::{
    environment::{MANAGEMENT_PORT, MANAGEMENT_TLS_PORT, Server, Variable},
    secrets::{BrokerRef, SecretRef},
};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    BrokerAccess, DereferenceError, EnvFromSecret, ManagementAccess, Secrets,
    server::{Address, SecretKeys},
    server_secrets::ServerSecrets,
    tls,
};

const AMQP: SecretKeys = SecretKeys {
    server: Server::Broker,
    uri: &["uri"],
    username: &["username"],
    wanted: "the key uri, or the keys host, username and password",
};

/// RabbitMQ's cluster operator also writes this key. Its parts hold the same and are read first.
const CONNECTION_STRING: &str = "connection_string";

pub(super) struct Broker {
    pub access: BrokerAccess,
    pub part: ServerSecrets,
}

pub(super) fn read(secrets: &Secrets, broker: &BrokerRef) -> Result<Broker, DereferenceError> {
    let BrokerRef { secret_ref, management_secret_ref, vhost, tls } = broker;
    let address = address(secrets, secret_ref)?;
    // Parts do not say whether TLS is used. The port says it, or `broker.tls` in the spec.
    let encrypted =
        address.tls || address.in_parts && (tls.is_some() || address.port == Server::Broker.default_tls_port());
    let chosen = vhost.clone().or_else(|| address.path.clone()).unwrap_or_else(|| "/".to_owned());
    let mut env = address.env.clone();
    if let Some(vhost) = vhost {
        env.push(EnvFromSecret::Literal { variable: Server::Broker.variable(Variable::Path), value: vhost.clone() });
    }
    if address.in_parts && encrypted {
        env.push(EnvFromSecret::Literal {
            variable: Server::Broker.variable(Variable::Encryption),
            value: "true".to_owned(),
        });
    }
    let management_ref = management_secret_ref.as_ref().unwrap_or(secret_ref);
    let access = BrokerAccess {
        amqp_host: address.host.clone(),
        amqp_port: address.port,
        vhost: chosen,
        management: ManagementAccess {
            tls: tls::material(secrets, tls.as_ref())?,
            ..management(secrets, management_ref, &address, encrypted)?
        },
    };
    let part = ServerSecrets {
        env,
        files: tls::files(secrets, Server::Broker, tls.as_ref())?,
        server: (address.host, address.port),
    };
    Ok(Broker { access, part })
}

fn address(secrets: &Secrets, reference: &SecretRef) -> Result<Address, DereferenceError> {
    match AMQP.read(secrets, reference) {
        Err(DereferenceError::SecretKeyMissing { .. }) if secrets.bytes(reference, CONNECTION_STRING).is_some() => {
            SecretKeys { uri: &[CONNECTION_STRING], ..AMQP }.read(secrets, reference)
        }
        read => read,
    }
}

/// Credentials: those in `managementUri`, else the management Secret's own, else the workers'.
fn management(
    secrets: &Secrets,
    reference: &SecretRef,
    amqp: &Address,
    encrypted: bool,
) -> Result<ManagementAccess, DereferenceError> {
    secrets.must_exist(reference)?;
    let own = (secrets.text(reference, "username")?, secrets.text(reference, "password")?);
    let (mut username, mut password) = match own {
        (Some(username), Some(password)) => (username.to_owned(), SecretString::from(password)),
        _ => (amqp.username.clone(), SecretString::from(amqp.password.expose_secret())),
    };
    let invalid =
        |detail| DereferenceError::SecretKeyInvalid { secret: reference.name.clone(), key: "managementUri", detail };
    let url = match secrets.text(reference, "managementUri")? {
        None => {
            let (scheme, port) = if encrypted { ("https", MANAGEMENT_TLS_PORT) } else { ("http", MANAGEMENT_PORT) };
            format!("{scheme}://{}:{port}", amqp.host)
        }
        Some(text) => {
            let mut url = Url::parse(text).map_err(|_| invalid("it must be a URI such as https://host:15671"))?;
            if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
                return Err(invalid("it must start with http:// or https:// and name a host"));
            }
            if !url.username().is_empty() {
                let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
                username = decoded(url.username());
                password = SecretString::from(decoded(url.password().unwrap_or_default()));
            }
            // Neither call fails on a URL that has a host.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.as_str().trim_end_matches('/').to_owned()
        }
    };
    Ok(ManagementAccess { url, username, password, tls: None })
}
