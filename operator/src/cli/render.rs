//! `hoopoe-operator render -f`: the children of manifests, without a cluster.

use std::{fmt::Write, path::PathBuf};

use clap::Args;
use serde_json::Value;

use super::{
    assumed_secrets::AssumedSecrets,
    either::EitherSpec,
    manifests::{Document, Given, GivenError},
};
use crate::{
    desired::{Child, DesiredError, Platform},
    pipeline::{Live, PrepareError},
    resource::ResourceId,
};

/// What `render` is told.
#[derive(Clone, Debug, Args)]
pub struct RenderArgs {
    /// A manifest, or a folder of them, or `-`; may be given more than once. Secrets in these files are used, and the
    /// content of all other Secrets is a guess.
    #[arg(short = 'f', long = "filename", value_name = "FILE_OR_FOLDER", required = true)]
    pub filenames: Vec<PathBuf>,
    /// The image of workers whose spec names no image
    #[arg(long, env = "HOOPOE_OPERATOR_WORKER_IMAGE", default_value = concat!("hoopoe:", env!("CARGO_PKG_VERSION")))]
    pub worker_image: String,
    /// Names of pull Secrets for that image; repeat the flag, or separate them by commas
    #[arg(long = "worker-image-pull-secret", env = "HOOPOE_OPERATOR_WORKER_IMAGE_PULL_SECRETS", value_delimiter = ',')]
    pub worker_image_pull_secrets: Vec<String>,
    /// Base URL of an OTLP/HTTP collector for workers whose spec names no collector
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
    /// Render for a cluster that serves the kind `PodMonitor`
    #[arg(long)]
    pub pod_monitors: bool,
}

/// Why nothing is rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The files could not be read.
    #[error(transparent)]
    Given(#[from] GivenError),
    /// A resource breaks a rule, or its Secrets cannot be read.
    #[error("failed to render {id}: {source}")]
    Unprepared {
        /// Which.
        id: ResourceId,
        /// Why.
        #[source]
        source: Box<PrepareError>,
    },
    /// The children cannot be built.
    #[error("failed to render {id}: {source}")]
    Children {
        /// Which.
        id: ResourceId,
        /// Why.
        #[source]
        source: DesiredError,
    },
    /// A child does not serialize.
    #[error("failed to write YAML: {0}")]
    Yaml(#[from] serde_yaml::Error),
}

/// The children as YAML documents. The hash of the Secrets in them differs from the cluster's, which is keyed by the
/// resource's uid.
pub async fn text(args: &RenderArgs) -> Result<String, RenderError> {
    let given = Given::read(&args.filenames)?;
    let platform = Platform {
        worker_image: args.worker_image.clone(),
        image_pull_secrets: args.worker_image_pull_secrets.clone(),
        otlp_endpoint: args.otlp_endpoint.clone(),
        serves_pod_monitor: args.pod_monitors,
    };
    let mut text = String::new();
    for document in &given.resources {
        let (id, children, assumed) = children(document, &given, &platform).await?;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# {id}");
        for name in assumed {
            let _ = writeln!(text, "# The Secret {name} was not given, so its content is a guess.");
        }
        for child in children {
            text.push_str("---\n");
            text.push_str(&serde_yaml::to_string(&without_owner(child))?);
        }
    }
    Ok(text)
}

type Rendered = (ResourceId, Vec<Child>, std::collections::BTreeSet<String>);

async fn children(document: &Document, given: &Given, platform: &Platform) -> Result<Rendered, RenderError> {
    let (meta, spec) = EitherSpec::of_manifest(&document.manifest);
    let id = || meta.id.clone();
    let reader = AssumedSecrets::new(&given.secrets, &spec);
    let unprepared = |source| RenderError::Unprepared { id: id(), source: Box::new(source) };
    let prepared = spec.prepare(&meta, &reader).await.map_err(unprepared)?;
    let children = prepared.children(platform, Live::default());
    let children = children.map_err(|source| RenderError::Children { id: id(), source })?;
    Ok((id(), children, reader.assumed()))
}

/// Outside a cluster the owner has no uid, and an API server refuses a reference without one.
fn without_owner(child: Child) -> Value {
    let Child { kind: _, name: _, mut object, initial_replicas } = child;
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("ownerReferences");
    }
    // The operator writes the count once, in an apply of its own.
    if let Some(count) = initial_replicas {
        object["spec"]["replicas"] = count.into();
    }
    object
}
