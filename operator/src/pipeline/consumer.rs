//! The steps of a consumer.

use hoopoe_crds::{consumer::NotifConsumerSpec, workload::Lifecycle};

use super::{Live, ReconciledSpec};
use crate::{
    dereference::WorkerSecrets,
    desired::{self, Child, DesiredError, Platform},
    resource::Kind,
    scale::{self, Replicas},
    topology::Wanted,
    validate::Valid,
};

impl ReconciledSpec for NotifConsumerSpec {
    const KIND: Kind = Kind::Consumer;

    fn topology<'a>(valid: Valid<'a, Self>, cluster: Option<&'a str>) -> Wanted<'a> {
        Wanted::of_consumer(valid, cluster)
    }

    fn children(
        valid: Valid<'_, Self>,
        secrets: &WorkerSecrets,
        platform: &Platform,
        live: Live,
    ) -> Result<Vec<Child>, DesiredError> {
        let Live { workers, api, decided, queue_taken } = live;
        let spec = valid.spec();
        let (workload, scaling) = (&spec.workload, spec.scaling.as_ref());
        let of_workers = if queue_taken {
            Replicas::Exactly(0)
        } else {
            scale::replicas(workload.lifecycle, workload.replicas, None, scaling, decided, workers)
        };
        // Stopped workers leave the inbox readable.
        let autoscale = spec.api.autoscale.as_ref();
        let of_api = scale::replicas(Lifecycle::Running, spec.api.replicas, autoscale, None, None, api);
        desired::consumer(valid, secrets, platform, of_workers, of_api)
    }
}
