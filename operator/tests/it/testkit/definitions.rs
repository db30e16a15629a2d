//! The definitions of our kinds, and of the one kind of Prometheus' operator that we use.

use hoopoe_e2e::ControlPlane;
use tokio::sync::OnceCell;

use super::wait::{established, eventually};

/// Both committed CRDs.
pub const OURS: [&str; 2] = [
    include_str!("../../../../crds/yaml/notifproducers.yaml"),
    include_str!("../../../../crds/yaml/notifconsumers.yaml"),
];

/// As Prometheus' operator would install it, but reduced: the kind is served, with any spec.
const POD_MONITOR: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: podmonitors.monitoring.coreos.com, annotations: {api-approved.kubernetes.io: 'unapproved, a test'}}
spec:
  group: monitoring.coreos.com
  names: {kind: PodMonitor, listKind: PodMonitorList, plural: podmonitors, singular: podmonitor}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties: {spec: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";

static SHARED: OnceCell<()> = OnceCell::const_new();

/// Makes an API server serve our kinds.
pub async fn define(plane: &ControlPlane) {
    plane.apply(&OURS.join("---\n")).await.unwrap();
    served(plane, "nprod,ncons").await;
}

/// Makes [`ControlPlane::shared`] serve our kinds and `PodMonitor`, once in this process.
pub async fn define_shared(plane: &ControlPlane) {
    let all = async || {
        plane.apply(POD_MONITOR).await.unwrap();
        define(plane).await;
        served(plane, "podmonitors").await;
    };
    SHARED.get_or_init(all).await;
}

/// For a moment after its definition was established, a kind is missing, or answers 429 "storage is (re)initializing".
async fn served(plane: &ControlPlane, kinds: &str) {
    established(plane).await;
    eventually("the kinds are served", async || plane.kubectl(&["get", kinds, "-A"]).await.is_ok()).await;
}
