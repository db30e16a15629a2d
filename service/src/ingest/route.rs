//! How a message finds its queues: by its routing key, by its headers, or by the exchange alone.

use std::collections::BTreeMap;

use hoopoe_crds::worker_config::{ExchangeType, HeaderField, ProducerConfig};

use super::{IngestError, RoutingKey, TemplateError};
use crate::{
    broker::Outgoing,
    notif::{Notification, to_wire},
};

/// The headers that say which trace a message belongs to: header name to value.
pub type TraceHeaders = BTreeMap<String, String>;

/// The part of a message that the exchange looks at.
pub(super) enum Route {
    /// The routing key.
    Key(RoutingKey),
    /// Nothing: every queue gets every message.
    Nothing,
    /// Headers made from these fields.
    Headers(Vec<HeaderField>),
}

impl Route {
    /// The route that the type of the exchange needs.
    pub(super) fn new(config: &ProducerConfig) -> Result<Self, TemplateError> {
        Ok(match config.exchange.kind {
            ExchangeType::Topic | ExchangeType::Direct => Self::Key(RoutingKey::parse(&config.routing_key)?),
            ExchangeType::Fanout => Self::Nothing,
            ExchangeType::Headers => Self::Headers(config.headers.clone()),
        })
    }

    /// The message of a notification.
    pub(super) fn message(&self, notification: &Notification, trace: &TraceHeaders) -> Result<Outgoing, IngestError> {
        let mut headers = trace.clone();
        let routing_key = match self {
            Self::Key(template) => template.render(notification).map_err(IngestError::RoutingKey)?,
            Self::Nothing => String::new(),
            Self::Headers(fields) => {
                headers.extend(fields.iter().map(|field| header(notification, *field)));
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

fn header(notification: &Notification, field: HeaderField) -> (String, String) {
    let (name, value) = match field {
        HeaderField::Kind => ("kind", notification.content.kind.clone()),
        HeaderField::Owner => ("owner", notification.owner.to_string()),
        HeaderField::Actor => ("actor", notification.content.actor.clone()),
        HeaderField::Priority => ("priority", notification.content.priority.to_string()),
    };
    (name.to_owned(), value)
}
