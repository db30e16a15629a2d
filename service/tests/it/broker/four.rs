//! What depends on RabbitMQ 4. Needs Debian trixie's packages: `cargo test -p hoopoe --test it -- --ignored four::`.

use std::sync::Arc;

use hoopoe_e2e::{RabbitMq, RabbitMqOptions, RabbitMqVersion};

use super::{kit::Kit, suite};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs RabbitMQ 4.0 in a folder of its own: root and debootstrap"]
async fn the_suite_holds_on_rabbitmq_4() {
    let options = RabbitMqOptions { version: RabbitMqVersion::Four, ..RabbitMqOptions::default() };
    let server = Arc::new(RabbitMq::start(options).await.unwrap());
    for (name, check) in suite::all() {
        println!("{name}");
        let kit = Kit::on(server.clone()).await;
        check(&kit).await;
        kit.finish().await;
    }
}
