//! One notification to the broker, and what became of it.

use std::{collections::BTreeMap, time::Instant};

use prometheus_client::metrics::gauge::Gauge;

use super::{
    metrics::ResultLabels,
    state::{Inner, Route, field},
};
use crate::{
    broker::Outgoing,
    http::Problem,
    notif::{Notification, to_wire},
};

/// Lowers the gauge also when the sender hangs up while its notification waits.
struct Waiting<'a>(&'a Gauge);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Inner {
    /// Takes a token of the rate limit, publishes, and waits for the broker's word. `trace` are the trace's headers.
    pub(super) async fn publish(
        &self,
        notification: &Notification,
        trace: &BTreeMap<String, String>,
    ) -> Result<(), Problem> {
        let result = self.try_publish(notification, trace).await;
        let result_label = result.as_ref().map_or_else(Problem::code, |()| "confirmed");
        self.metrics.publishes.get_or_create(&ResultLabels { result: result_label }).inc();
        result
    }

    async fn try_publish(&self, notification: &Notification, trace: &BTreeMap<String, String>) -> Result<(), Problem> {
        let message = self.outgoing(notification, trace)?;
        self.rate.take().map_err(Problem::RateLimited)?;
        self.metrics.in_flight.inc();
        let _waiting = Waiting(&self.metrics.in_flight);
        let started = Instant::now();
        self.publisher.publish(message).await.map_err(Problem::Publish)?;
        self.metrics.confirm_seconds.observe(started.elapsed().as_secs_f64());
        Ok(())
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
            priority: notification.priority,
            timestamp: notification.created_at,
            body: to_wire(notification),
        })
    }
}
