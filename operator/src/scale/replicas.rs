//! The count that the reconciler applies.

use hoopoe_crds::{
    consumer::Scaling,
    workload::{Autoscale, Lifecycle},
};

/// What is written into a Deployment's `spec.replicas`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replicas {
    /// This number, at every apply.
    Exactly(i32),
    /// An autoscaler changes it. This number is written once, when the Deployment is made or the autoscaler is switched
    /// on, and no apply contains it.
    LeftToAutoscaler(i32),
}

/// Stopped → 0; `autoscale` → left to it; `scaling` → the decision, before the first one the live count, clamped; else
/// `replicas`. `asked`: `spec.replicas`. `decided`: `status.desiredReplicas`. `live`: the Deployment's own count, if
/// there is one.
pub fn replicas(
    lifecycle: Lifecycle,
    asked: i32,
    autoscale: Option<&Autoscale>,
    scaling: Option<&Scaling>,
    decided: Option<i32>,
    live: Option<i32>,
) -> Replicas {
    if lifecycle == Lifecycle::Stopped {
        return Replicas::Exactly(0);
    }
    if let Some(autoscale) = autoscale {
        // A count of 0 switches a HorizontalPodAutoscaler off: coming from Stopped it starts at its floor.
        return Replicas::LeftToAutoscaler(live.unwrap_or(asked).clamp(autoscale.min, autoscale.max));
    }
    match scaling {
        Some(scaling) => Replicas::Exactly(decided.or(live).unwrap_or(asked).clamp(scaling.min, scaling.max)),
        None => Replicas::Exactly(asked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scale::unscaled;

    #[test]
    fn the_count_by_what_is_set() {
        use Lifecycle::{Running, Stopped};
        use Replicas::{Exactly, LeftToAutoscaler};
        let auto = Autoscale { min: 2, max: 5, cpu: 70 };
        let scaling = Scaling { min: 0, max: 5, ..unscaled() };
        let scaled = |decided, live| replicas(Running, 3, None, Some(&scaling), decided, live);
        assert_eq!(replicas(Stopped, 3, Some(&auto), Some(&scaling), Some(4), Some(4)), Exactly(0));
        assert_eq!(replicas(Running, 3, None, None, Some(4), Some(4)), Exactly(3));
        assert_eq!((scaled(Some(4), Some(1)), scaled(Some(0), Some(3))), (Exactly(4), Exactly(0)));
        assert_eq!((scaled(None, Some(9)), scaled(None, None)), (Exactly(5), Exactly(3)));
        assert_eq!(replicas(Running, 3, Some(&auto), None, None, Some(0)), LeftToAutoscaler(2));
        assert_eq!(replicas(Running, 9, Some(&auto), None, None, None), LeftToAutoscaler(5));
    }
}
