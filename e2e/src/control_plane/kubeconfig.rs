//! Files that tell a client where the API server is and who it is.

use serde_json::{Value, json};

use crate::ca::PemPair;

/// How a client proves who it is.
pub(super) enum Identity<'a> {
    /// By a certificate: the common name is the user, the organization its group.
    Certificate(&'a PemPair),
    /// By a bearer token.
    Token(&'a str),
}

/// A kubeconfig; as JSON, which is YAML.
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
