//! The scripts of `charts/hoopoe/grants`, run unchanged.

use hoopoe_e2e::{Postgres, RabbitMq};
use tokio::process::Command;

use crate::charts::kit::repository;

/// The password of all users here.
pub const PASSWORD: &str = "given";

fn read(file: &str) -> String {
    std::fs::read_to_string(repository("charts/hoopoe/grants").join(file)).unwrap()
}

/// `rabbitmq.sh`, run with this broker's own `rabbitmqctl`. The script prints the calls that it would make: each
/// argument on a line, and an empty line after each call.
pub async fn rabbitmq(rabbit: &RabbitMq) {
    let shell = format!("rabbitmqctl() {{ printf '%s\\n' \"$@\" ''; }}\n{}", read("rabbitmq.sh"));
    let mut command = Command::new("sh");
    command.args(["-c", &shell]).env("WORKERS_PASSWORD", PASSWORD).env("OPERATOR_PASSWORD", PASSWORD);
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let calls = String::from_utf8(output.stdout).unwrap();
    let calls: Vec<Vec<&str>> = calls.trim_end().split("\n\n").map(|call| call.lines().collect()).collect();
    assert_eq!(calls.len(), 5, "{calls:?}");
    for call in calls {
        rabbit.ctl(&call).await.unwrap();
    }
}

/// Runs `postgres.sql` as the superuser.
pub async fn postgres(postgres: &Postgres, database: &str) {
    run(postgres, database, "postgres.sql").await;
}

/// Runs `postgres-tighter.sql`.
pub async fn postgres_tighter(postgres: &Postgres, database: &str) {
    run(postgres, database, "postgres-tighter.sql").await;
}

async fn run(postgres: &Postgres, database: &str, file: &str) {
    // psql substitutes its variables in files only, not in --command.
    let quoted = format!("'{PASSWORD}'");
    let sql = read(file).replace(":'migrations_password'", &quoted).replace(":'workers_password'", &quoted);
    assert!(!sql.contains(":'"), "{sql}");
    postgres.psql(database, &sql).await.unwrap();
}
