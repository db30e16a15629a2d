//! The default requests and limits of a container.

use hoopoe_crds::worker_config::{ConsumeConfig, ConsumerConfig, ProducerConfig};
use serde_json::{Value, json};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// What an idle process needs. Measured: under 40 MiB at full rate with 256-byte notifications.
const BASE: u64 = 64 * MIB;
/// What a producer may add to a notification, on top of `bodyBytes`.
const ENVELOPE: u64 = 4 * KIB;
/// The memory for heads and pages that an inbox API keeps.
const API_MEMORY: u64 = 256 * MIB;
/// Limits are rounded up to a multiple of this, so that a small change of a setting rolls no pod.
const STEP: u64 = 16 * MIB;

/// Requests and limits. No limit on CPU: it would throttle a worker that its node has room for.
pub(super) fn with_limit(bytes: u64) -> Value {
    let limit = bytes.div_ceil(STEP) * STEP / MIB;
    json!({
        "requests": { "cpu": "50m", "memory": "64Mi" },
        "limits": { "memory": format!("{limit}Mi") },
    })
}

/// Of the migration: it uses one connection and a few statements.
pub(super) fn migration() -> Value {
    with_limit(BASE)
}

/// All notifications that wait for their confirm, as received and as published.
pub(super) fn producer_memory(config: &ProducerConfig) -> u64 {
    let waiting = u64::from(config.publish.max_in_flight);
    BASE + 2 * waiting * (u64::from(config.limits.body_bytes) + ENVELOPE)
}

/// Every delivery that a lane may hold, and those of a batch twice more: parsed, and as arguments of the statement.
pub(super) fn consumer_memory(config: &ConsumerConfig) -> u64 {
    let ConsumeConfig { prefetch, lanes, batch, .. } = &config.consume;
    let held = u64::from(*prefetch);
    let in_batch = held.min(u64::from(batch.max_size));
    let notifications = u64::from(*lanes) * (held + 2 * in_batch);
    BASE + notifications * (u64::from(config.body_bytes) + ENVELOPE)
}

/// The pages of the owners that read their inbox.
pub(super) fn api_memory() -> u64 {
    API_MEMORY
}
