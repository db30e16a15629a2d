//! TLS to Postgres.

use std::time::Duration;

use hoopoe::store::{
    PostgresStore, Store, StoreError,
    migrate::{self, Target},
};
use hoopoe_crds::worker_config::TlsConfig;
use hoopoe_e2e::{Ca, Postgres, PostgresAuth, PostgresOptions, TlsOptions};

use super::{
    announced::Takes,
    db::{notifications, options},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_right_authority_and_name_are_believed_and_no_others() {
    let ca = Ca::new().unwrap();
    let server = Postgres::start(PostgresOptions { tls: Some(TlsOptions::new(&ca)), ..PostgresOptions::default() })
        .await
        .unwrap();
    // Without the parameters of the URL: the files come from the configuration.
    let url = server.url().split('?').next().unwrap().to_owned();
    let tls = |ca: &Ca| TlsConfig { ca_file: Some(ca.certificate().to_owned()), ..TlsConfig::default() };
    let connect = async |url: &str, tls: TlsConfig| PostgresStore::connect(url, &tls, options()).await;

    migrate::up(Target::Postgres { url: &url, tls: &tls(&ca) }).await.unwrap();
    for url in [url.clone(), format!("{url}?sslmode=verify-full"), format!("{url}?sslmode=require")] {
        let store = connect(&url, tls(&ca)).await.unwrap();
        store.commit(&notifications("anna", 2), &Takes).await.unwrap();
        store.close().await;
    }
    let others = Ca::new().unwrap();
    // 0.0.0.0 reaches the same server under a name that its certificate does not carry.
    let other_name = url.replace("127.0.0.1", "0.0.0.0");
    for (url, tls) in [
        (url.clone(), tls(&others)),
        (format!("{url}?sslmode=verify-ca"), tls(&others)),
        (format!("{url}?sslmode=verify-full"), TlsConfig::default()),
        (other_name.clone(), tls(&ca)),
        (format!("{other_name}?sslmode=verify-full"), tls(&ca)),
    ] {
        let error = connect(&url, tls).await.err().unwrap();
        let text = format!("{error:?}");
        assert!(matches!(error, StoreError::Unavailable(_)), "{text}");
        assert!(text.to_lowercase().contains("certificate"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
    connect(&format!("{other_name}?sslmode=verify-ca"), tls(&ca)).await.unwrap();
    let plain = connect(&format!("{url}?sslmode=disable"), TlsConfig::default()).await;
    assert!(plain.is_err(), "the server takes TLS only");
}

/// The certificate's name differs from the host of the URL, and `serverName` gives it. The store reconnects after a
/// restart, and a server that is away is an outage.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_name_than_the_hosts_is_checked() {
    let ca = Ca::new().unwrap();
    let options_of_server = PostgresOptions { tls: Some(TlsOptions::new(&ca)), ..PostgresOptions::default() };
    let server = Postgres::start(options_of_server).await.unwrap();
    // The address is not in the certificate, but localhost is.
    let url = server.url().split('?').next().unwrap().replace("127.0.0.1", "0.0.0.0");
    let named = |name: &str| TlsConfig {
        ca_file: Some(ca.certificate().to_owned()),
        server_name: Some(name.to_owned()),
        ..TlsConfig::default()
    };
    let connect = async |url: &str, tls: &TlsConfig| PostgresStore::connect(url, tls, options()).await;

    migrate::up(Target::Postgres { url: &url, tls: &named("localhost") }).await.unwrap();
    for mode in ["", "?sslmode=prefer", "?sslmode=require", "?sslmode=verify-ca", "?sslmode=verify-full"] {
        let url = format!("{url}{mode}");
        let store = connect(&url, &named("localhost")).await.unwrap();
        store.commit(&notifications("anna", 2), &Takes).await.unwrap();
        let error = connect(&url, &named("postgres.example")).await.err().unwrap();
        let text = format!("{error:?}");
        assert!(matches!(error, StoreError::Unavailable(_)) && text.to_lowercase().contains("certificate"), "{text}");
        if mode.is_empty() {
            server.kill9().await.unwrap();
            let error = store.commit(&notifications("bert", 1), &Takes).await.unwrap_err();
            assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
            let error = connect(&url, &named("localhost")).await.err().unwrap();
            assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
            server.restart().await.unwrap();
            let batch = notifications("bert", 1);
            let back = async { while store.commit(&batch, &Takes).await.is_err() {} };
            tokio::time::timeout(Duration::from_secs(20), back).await.unwrap();
        }
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_certificate_is_shown() {
    let ca = Ca::new().unwrap();
    let server = Postgres::start(PostgresOptions {
        auth: PostgresAuth::Certificate,
        tls: Some(TlsOptions::with_client_certs(&ca)),
        ..PostgresOptions::default()
    })
    .await
    .unwrap();
    let url = server.url().split('?').next().unwrap().to_owned();
    let with = |ca: &Ca, name: &str| {
        let pair = ca.client_cert(name).unwrap();
        TlsConfig { cert_file: Some(pair.certificate), key_file: Some(pair.key), ..TlsConfig::default() }
    };
    let tls = TlsConfig { ca_file: Some(ca.certificate().to_owned()), ..with(&ca, "hoopoe") };
    migrate::up(Target::Postgres { url: &url, tls: &tls }).await.unwrap();
    PostgresStore::connect(&url, &tls, options()).await.unwrap();
    let believed = Some(ca.certificate().to_owned());
    for wrong in [
        TlsConfig { ca_file: believed.clone(), ..with(&Ca::new().unwrap(), "hoopoe") },
        TlsConfig { ca_file: believed.clone(), ..with(&ca, "somebody") },
        TlsConfig { ca_file: believed, ..TlsConfig::default() },
    ] {
        let error = PostgresStore::connect(&url, &wrong, options()).await.err().unwrap();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    }
}
