//! TLS to Redis: accepted with the right authority, name and client certificate, and refused otherwise.

use std::path::Path;

use hoopoe::cache::{Cache, CacheMetrics, RedisCache};
use hoopoe_crds::worker_config::{CacheConfig, TlsConfig};
use hoopoe_e2e::{Ca, Redis, RedisOptions, TlsOptions};
use uuid::Uuid;

use crate::testkit::wait::{soon, until};

async fn connect(url: &str, tls: &TlsConfig) -> RedisCache {
    let config = CacheConfig::default();
    let connect = RedisCache::connect(url, tls, Uuid::new_v4(), &config, CacheMetrics::default());
    soon(connect).await.unwrap()
}

fn trusting(file: &Path) -> TlsConfig {
    TlsConfig { ca_file: Some(file.to_owned()), ..TlsConfig::default() }
}

async fn refused(url: &str, tls: &TlsConfig) -> String {
    let cache = connect(url, tls).await;
    until("refused", async || cache.problem().is_some()).await;
    assert!(!cache.is_up());
    cache.problem().unwrap()
}

#[tokio::test]
async fn the_right_authority_and_name_are_taken_and_others_refused() {
    let (ca, other) = (Ca::new().unwrap(), Ca::new().unwrap());
    let options = RedisOptions {
        tls: Some(TlsOptions::new(&ca)),
        password: Some("hunter2".to_owned()),
        ..RedisOptions::default()
    };
    let redis = Redis::start(options).await.unwrap();
    let url = redis.tls_url().unwrap();
    let good = connect(&url, &trusting(ca.certificate())).await;
    assert!(good.is_up(), "{:?}", good.problem());
    until("hears itself", async || good.hearing().is_some()).await;

    let problem = refused(&url, &trusting(other.certificate())).await;
    assert!(problem.contains("certificate"), "{problem}");
    let problem = refused(&url, &TlsConfig::default()).await;
    assert!(problem.contains("certificate") || problem.contains("authority"), "{problem}");
    // The certificate is for localhost and 127.0.0.1.
    let named = |name: &str| TlsConfig { server_name: Some(name.to_owned()), ..trusting(ca.certificate()) };
    let problem = refused(&url, &named("redis.example.org")).await;
    assert!(problem.contains("certificate"), "{problem}");
    assert!(connect(&url, &named("localhost")).await.is_up());
    let wrong = refused(&url.replace("hunter2", "hunter3"), &trusting(ca.certificate())).await;
    assert!(!wrong.contains("hunter"), "{wrong}");
    let missing = refused(&url, &trusting(Path::new("/nowhere/ca.pem"))).await;
    assert!(missing.contains("/nowhere/ca.pem"), "{missing}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_one_is_asked_for() {
    let ca = Ca::new().unwrap();
    let options = RedisOptions { tls: Some(TlsOptions::with_client_certs(&ca)), ..RedisOptions::default() };
    let redis = Redis::start(options).await.unwrap();
    let url = redis.tls_url().unwrap();
    refused(&url, &trusting(ca.certificate())).await;
    let pair = ca.client_cert("worker").unwrap();
    let tls = TlsConfig { cert_file: Some(pair.certificate), key_file: Some(pair.key), ..trusting(ca.certificate()) };
    let cache = connect(&url, &tls).await;
    assert!(cache.is_up(), "{:?}", cache.problem());
}
