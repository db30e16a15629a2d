//! What the operator's own flags and the cluster add to every resource.

/// What is the same for every resource of this operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// The image of workers whose spec names none: `--worker-image`.
    pub worker_image: String,
    /// Names of pull Secrets for that image.
    pub image_pull_secrets: Vec<String>,
    /// Where traces go when the spec says nothing: the operator's own `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub otlp_endpoint: Option<String>,
    /// Whether the cluster serves `monitoring.coreos.com/v1 PodMonitor`.
    pub serves_pod_monitor: bool,
}
