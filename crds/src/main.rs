//! Writes the YAML that `kubectl apply` takes: `cargo run -p hoopoe-crds -- DIR` (default `crds/yaml`).

use std::{env, fs, io, path::PathBuf};

use hoopoe_crds::{NotifConsumer, NotifProducer};
use kube::CustomResourceExt;

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args().nth(1).unwrap_or_else(|| "crds/yaml".to_owned()));
    fs::create_dir_all(&folder)?;
    for crd in [NotifProducer::crd(), NotifConsumer::crd()] {
        let text = serde_yaml::to_string(&crd).map_err(io::Error::other)?;
        fs::write(folder.join(format!("{}.yaml", crd.spec.names.plural)), text)?;
    }
    Ok(())
}
