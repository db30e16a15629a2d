//! Clients of an API server.

use std::path::Path;

use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};

/// Every client needs this provider.
pub fn install_crypto() {
    // An error means that the process has a provider already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The configuration that a kubeconfig gives.
pub async fn config(kubeconfig: &Path) -> Config {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
    Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap()
}

/// A client with the rights that a kubeconfig gives.
pub async fn client(kubeconfig: &Path) -> Client {
    install_crypto();
    Client::try_from(config(kubeconfig).await).unwrap()
}
