//! Writes what is generated from the resources' types: `cargo run -p hoopoe-crds -- DIR` (default `crds/yaml`) the YAML
//! that `kubectl apply` takes, `cargo run -p hoopoe-crds -- --values-schema FILE` the schema of the specs into that of
//! a chart's values.

mod values_schema;

use std::{env, fs, io, path::PathBuf};

use hoopoe_crds::{NotifConsumer, NotifProducer};
use kube::CustomResourceExt;

fn main() -> io::Result<()> {
    let mut args = env::args().skip(1);
    match args.next().as_deref() {
        Some("--values-schema") => {
            let missing = || io::Error::other("--values-schema needs the path of a chart's values schema");
            write_values_schema(&PathBuf::from(args.next().ok_or_else(missing)?))
        }
        folder => write_definitions(&PathBuf::from(folder.unwrap_or("crds/yaml"))),
    }
}

fn write_definitions(folder: &PathBuf) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for crd in [NotifProducer::crd(), NotifConsumer::crd()] {
        let text = serde_yaml::to_string(&crd).map_err(io::Error::other)?;
        fs::write(folder.join(format!("{}.yaml", crd.spec.names.plural)), text)?;
    }
    Ok(())
}

/// The rest of the file stays as it is.
fn write_values_schema(file: &PathBuf) -> io::Result<()> {
    let mut schema = serde_json::from_str(&fs::read_to_string(file)?)?;
    values_schema::fill(&mut schema);
    fs::write(file, serde_json::to_string_pretty(&schema)? + "\n")
}
