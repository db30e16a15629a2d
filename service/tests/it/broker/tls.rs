//! `amqps` with the right and with wrong authorities and names.

use std::time::Duration;

use hoopoe::broker::{AmqpPublisher, AmqpQueue, LaneError, PublishError, Publisher, Queue};
use hoopoe_crds::worker_config::{PublishConfig, TlsConfig};
use hoopoe_e2e::{Ca, RabbitMq, RabbitMqOptions, TlsOptions};

use crate::broker::kit::{message, metrics};

async fn node(tls: TlsOptions) -> RabbitMq {
    RabbitMq::start(RabbitMqOptions { tls: Some(tls), ..RabbitMqOptions::default() }).await.unwrap()
}

/// `None` when it connects: the error is then only that the queue is missing.
async fn refusal(url: &str, tls: &TlsConfig) -> Option<String> {
    let queue = AmqpQueue::start(url, tls, "none", Duration::from_secs(2), metrics());
    let publisher = AmqpPublisher::start(url, tls, "none", &PublishConfig::default(), metrics());
    let (opened, confirmed) = tokio::join!(queue.open_lane(1), publisher.publish(message(1, "a")));
    let refusal = match opened.err() {
        Some(LaneError::QueueMissing(_)) => None,
        Some(LaneError::Unavailable(detail) | LaneError::Refused(detail)) => Some(detail),
        None => panic!("there is no such queue"),
    };
    let expected = if refusal.is_none() { PublishError::ExchangeMissing } else { PublishError::Unavailable };
    assert_eq!(confirmed, Err(expected));
    queue.close().await;
    publisher.close().await;
    refusal
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_servers_certificate_is_checked() {
    let ca = Ca::new().unwrap();
    let server = node(TlsOptions::new(&ca)).await;
    let url = server.tls_url().unwrap();
    let right = TlsConfig { ca_file: Some(ca.certificate().to_owned()), ..TlsConfig::default() };
    assert_eq!(refusal(&url, &right).await, None);
    let by_name = TlsConfig { server_name: Some("localhost".to_owned()), ..right.clone() };
    assert_eq!(refusal(&url, &by_name).await, None);
    let wrong_name = TlsConfig { server_name: Some("rabbitmq.example".to_owned()), ..right.clone() };
    let refused = refusal(&url, &wrong_name).await.expect("a wrong name is refused");
    assert!(refused.contains("certificate"), "{refused}");
    let other = Ca::new().unwrap();
    let wrong_ca = TlsConfig { ca_file: Some(other.certificate().to_owned()), ..TlsConfig::default() };
    let refused = refusal(&url, &wrong_ca).await.expect("a wrong authority is refused");
    assert!(refused.contains("certificate"), "{refused}");
    let refused = refusal(&url, &TlsConfig::default()).await.expect("the system does not trust this authority");
    assert!(refused.contains("certificate") || refused.contains("authority"), "{refused}");
    let missing = TlsConfig { ca_file: Some("/no/such/ca.pem".into()), ..TlsConfig::default() };
    let refused = refusal(&url, &missing).await.expect("there is no such file");
    assert!(refused.contains("/no/such/ca.pem"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_shows_its_certificate() {
    let ca = Ca::new().unwrap();
    let server = node(TlsOptions::with_client_certs(&ca)).await;
    let url = server.tls_url().unwrap();
    let without = TlsConfig { ca_file: Some(ca.certificate().to_owned()), ..TlsConfig::default() };
    assert!(refusal(&url, &without).await.is_some(), "without one it is refused");
    let pair = ca.client_cert("hoopoe").unwrap();
    let half = TlsConfig { cert_file: Some(pair.certificate.clone()), ..without.clone() };
    let refused = refusal(&url, &half).await.expect("a key is missing");
    assert!(refused.contains("keyFile"), "{refused}");
    let with = TlsConfig { key_file: Some(pair.key), ..half };
    assert_eq!(refusal(&url, &with).await, None);
    let foreign = Ca::new().unwrap().client_cert("hoopoe").unwrap();
    let foreign = TlsConfig { cert_file: Some(foreign.certificate), key_file: Some(foreign.key), ..without };
    assert!(refusal(&url, &foreign).await.is_some(), "another authority's is refused");
}
