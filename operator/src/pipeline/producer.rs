//! The steps of a producer.

use hoopoe_crds::producer::NotifProducerSpec;

use super::{Live, ReconciledSpec};
use crate::{
    dereference::WorkerSecrets,
    desired::{self, Child, DesiredError, Platform},
    resource::Kind,
    scale,
    topology::Wanted,
    validate::Valid,
};

impl ReconciledSpec for NotifProducerSpec {
    const KIND: Kind = Kind::Producer;

    fn topology<'a>(valid: Valid<'a, Self>, cluster: Option<&'a str>) -> Wanted<'a> {
        Wanted::of_producer(valid, cluster)
    }

    fn children(
        valid: Valid<'_, Self>,
        secrets: &WorkerSecrets,
        platform: &Platform,
        live: Live,
    ) -> Result<Vec<Child>, DesiredError> {
        let (workload, autoscale) = (&valid.spec().workload, valid.spec().autoscale.as_ref());
        let count = scale::replicas(workload.lifecycle, workload.replicas, autoscale, None, None, live.workers);
        desired::producer(valid, secrets, platform, count)
    }
}
