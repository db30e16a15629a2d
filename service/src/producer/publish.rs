//! One notification to the broker, and what became of it.

use std::collections::BTreeMap;

use super::state::{Inner, Route, field};
use crate::{
    broker::Outgoing,
    http::Problem,
    notif::{Notification, to_wire},
};

impl Inner {
    /// Takes a token of the rate limit, publishes, and waits for the broker's word. `trace` are the trace's headers.
    pub(super) async fn publish(
        &self,
        notification: &Notification,
        trace: &BTreeMap<String, String>,
    ) -> Result<(), Problem> {
        let message = self.outgoing(notification, trace)?;
        self.rate.take().map_err(Problem::RateLimited)?;
        self.publisher.publish(message).await.map_err(Problem::Publish)
    }

    fn outgoing(&self, notification: &Notification, trace: &BTreeMap<String, String>) -> Result<Outgoing, Problem> {
        let mut headers = trace.clone();
        let routing_key = match &self.route {
            Route::Key(template) => template.render(notification).map_err(|fault| Problem::Fields(vec![fault]))?,
            Route::Nothing => String::new(),
            Route::Headers(fields) => {
                for (name, value) in fields.iter().map(|name| field(notification, *name)) {
                    headers.insert(name.to_owned(), value);
                }
                String::new()
            }
        };
        Ok(Outgoing {
            id: notification.id,
            routing_key,
            headers,
            priority: notification.content.priority,
            timestamp: notification.created_at,
            body: to_wire(notification),
        })
    }
}
