//! Kubeconfig files, which give a client the address of the API server and the client's identity.

use serde_json::{Value, json};

use crate::ca::PemPair;

/// How a client proves its identity.
pub(super) enum Identity<'a> {
    /// By a certificate, whose common name is the user and whose organization is the group.
    Certificate(&'a PemPair),
    /// By a bearer token.
    Token(&'a str),
}

/// The text of a kubeconfig. It is JSON, which is also valid YAML.
pub(super) fn text(url: &str, ca_file: &std::path::Path, identity: &Identity) -> String {
    let user: Value = match identity {
        Identity::Certificate(PemPair { certificate, key }) => {
            json!({ "client-certificate": certificate, "client-key": key })
        }
        Identity::Token(token) => json!({ "token": token }),
    };
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "e2e", "cluster": { "server": url, "certificate-authority": ca_file } }],
        "users": [{ "name": "e2e", "user": user }],
        "contexts": [{ "name": "e2e", "context": { "cluster": "e2e", "user": "e2e" } }],
        "current-context": "e2e",
    })
    .to_string()
}
