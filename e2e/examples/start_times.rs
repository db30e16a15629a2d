//! Prints how long each server takes to start, to stop and to start again:
//! `cargo run -p hoopoe-e2e --example start_times`.

use std::time::Instant;

use hoopoe_e2e::{Postgres, PostgresOptions, RabbitMq, RabbitMqOptions, RabbitMqVersion, Redis, RedisOptions, Result};

macro_rules! measure {
    ($name:expr, $start:expr) => {{
        let began = Instant::now();
        let server = $start.await?;
        let start = began.elapsed();
        let began = Instant::now();
        server.kill9().await?;
        let kill = began.elapsed();
        let began = Instant::now();
        server.restart().await?;
        let restart = began.elapsed();
        let began = Instant::now();
        server.stop().await?;
        println!(
            "{:<14} start {start:.2?}, kill -9 {kill:.2?}, again {restart:.2?}, stop {:.2?}",
            $name,
            began.elapsed()
        );
    }};
}

#[tokio::main]
async fn main() -> Result<()> {
    measure!("redis", Redis::start(RedisOptions::default()));
    measure!("postgres", Postgres::start(PostgresOptions::default()));
    measure!("rabbitmq", RabbitMq::start(RabbitMqOptions::default()));
    let all = RabbitMqOptions { plugins: vec!["rabbitmq_prometheus".to_owned()], ..RabbitMqOptions::default() };
    measure!("rabbitmq (all)", RabbitMq::start(all));
    let four = RabbitMqOptions { version: RabbitMqVersion::Four, ..RabbitMqOptions::default() };
    measure!("rabbitmq 4", RabbitMq::start(four.clone()));
    let all = RabbitMqOptions { plugins: vec!["rabbitmq_prometheus".to_owned()], ..four };
    measure!("rabbitmq 4 (all)", RabbitMq::start(all));
    Ok(())
}
