//! What the scaler says about a consumer's queue.

use std::time::Instant;

use hoopoe_crds::{consumer::NotifConsumerSpec, status::NotifConsumerStatus};

use super::context::Context;
use crate::{resource::ResourceId, scale::Outlook};

/// The scaler's present decision. It starts from its last decision, or without one from the live count. `live`: that
/// count.
pub fn outlook(
    ctx: &Context,
    id: &ResourceId,
    spec: &NotifConsumerSpec,
    before: &NotifConsumerStatus,
    live: Option<i32>,
) -> Outlook {
    let current = before.desired_replicas.or(live).unwrap_or(spec.workload.replicas);
    ctx.scaler.outlook(id, spec.scaling.as_ref(), current, Instant::now())
}
