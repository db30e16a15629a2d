//! How the inbox is kept and served, for consumers and inbox APIs alike.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    duration::Span,
    ports,
    rule::{over_zero, rule_of_value},
};

/// The role `api`: serves the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiConfig {
    /// The port of the inbox API. Default 8080.
    #[serde(default = "ports::default_http")]
    pub port: u16,
}

/// How heads and pages are cached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CacheConfig {
    /// How long an entry outlives its last write, ± 10 %. Default `1h`.
    #[schemars(extend("x-kubernetes-validations" = [rule_of_value(
        "self.matches('[1-9][0-9]*(s|m[0-9]|m$|h|d)|[1-9][0-9]{3,}ms')",
        "ttl must be at least 1s",
    )]))]
    pub ttl: Span,
    /// How many of an owner's newest items are kept ready to send, 1–200. Default 100.
    #[schemars(range(min = 1, max = 200))]
    pub head_items: u32,
}

/// What the database keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StoreConfig {
    #[doc = " The default expiry of a notification, from its `created_at`; an earlier `expires_at` wins. Default: \
             kept for ever."]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [over_zero("retention")]))]
    pub retention: Option<Span>,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self { port: ports::HTTP }
    }
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self { ttl: Span::from_secs(3600), head_items: 100 }
    }
}
