//! A pool does nothing in the background. `pool` in `service/src/store/connect.rs` says why.

use std::time::Duration;

use crate::store::db::{Db, both, notifications};

both! {
    no_pool_has_a_task_of_its_own
}

async fn no_pool_has_a_task_of_its_own(db: &Db) {
    db.commit(&notifications("anna", 3)).await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    // Returning a connection to its pool is a short task too.
    tokio::time::timeout(Duration::from_secs(10), async {
        while tasks() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap_or_else(|_| panic!("{} tasks stay", tasks()));
}
