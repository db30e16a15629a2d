//! The image that a resource's workers get.

use hoopoe_crds::workload::Workload;

use super::{context::Context, steps};
use crate::{desired::Platform, names::Component, resource::Meta, status::WorkersFinding, upgrade::Standing};

/// The platform with the image that this resource gets now, and whether the resource still waits for its turn to take a
/// new default.
pub fn platform_for(ctx: &Context, meta: &Meta, workload: &Workload, workers: &WorkersFinding) -> (Platform, bool) {
    let mut platform = ctx.platform.clone();
    if workload.image.is_some() {
        // The image was pinned during a rollout: free its slot.
        ctx.upgrades.forget(&meta.uid);
        return (platform, false);
    }
    let live = steps::live_image(ctx, &meta.id, Component::worker_of(meta.id.kind));
    let (available, rolling) = match workers {
        WorkersFinding::Pods(pods) => (pods.is_as_asked(), pods.updated < pods.desired),
        WorkersFinding::Unknown => (false, false),
    };
    if live.as_deref() == Some(&platform.worker_image) && rolling {
        ctx.upgrades.found_rolling(&meta.uid);
    }
    let standing = Standing { uid: &meta.uid, image: live.as_deref(), available };
    let image = ctx.upgrades.image_for(standing, &platform.worker_image);
    let waits = image != platform.worker_image;
    platform.worker_image = image;
    (platform, waits)
}
