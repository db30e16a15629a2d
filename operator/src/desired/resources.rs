//! What a container asks for and may use where the spec says nothing.

use hoopoe_crds::worker_config::{ConsumeConfig, ConsumerConfig, ProducerConfig};
use serde_json::{Value, json};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// What a process takes without work. Measured: under 40 MiB at full rate with 256-byte notifications.
const BASE: u64 = 64 * MIB;
/// What a consumer takes beside `bodyBytes`, for what a producer adds.
const ENVELOPE: u64 = 4 * KIB;
/// Heads and pages that an inbox API keeps.
const API_MEMORY: u64 = 256 * MIB;
/// Limits are multiples of it, so that a small change of a setting rolls no pod.
const STEP: u64 = 16 * MIB;

/// Requests and limits. No limit on CPU: it would throttle a worker that its node has room for.
pub(super) fn with_limit(bytes: u64) -> Value {
    let limit = bytes.div_ceil(STEP) * STEP / MIB;
    json!({
        "requests": { "cpu": "50m", "memory": "64Mi" },
        "limits": { "memory": format!("{limit}Mi") },
    })
}

/// Of the migration: one connection and some statements.
pub(super) fn migration() -> Value {
    with_limit(BASE)
}

/// Everything that waits for its confirm, as received and as published.
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

/// The pages of the owners who read.
pub(super) fn api_memory() -> u64 {
    API_MEMORY
}
