//! What a pool does by itself: nothing. See `pool` in `service/src/store/connect.rs` for what it did.

use std::time::Duration;

use crate::store::db::{Db, both, notifications};

both! {
    no_pool_has_a_task_of_its_own
}

async fn no_pool_has_a_task_of_its_own(db: &Db) {
    db.commit(&notifications("anna", 3)).await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    // A connection's return to its pool is a task too, a short one.
    tokio::time::timeout(Duration::from_secs(10), async {
        while tasks() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap_or_else(|_| panic!("{} tasks stay", tasks()));
}
