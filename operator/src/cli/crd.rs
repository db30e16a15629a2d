//! `hoopoe-operator crd`: both definitions, as `kubectl apply -f -` takes them.

use hoopoe_crds::{NotifConsumer, NotifProducer};
use kube::CustomResourceExt;

/// Both definitions, a YAML document each.
pub fn text() -> Result<String, serde_yaml::Error> {
    let mut text = String::new();
    for crd in [NotifProducer::crd(), NotifConsumer::crd()] {
        text.push_str("---\n");
        text.push_str(&serde_yaml::to_string(&crd)?);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_prints_the_files_of_crds_yaml() {
        let committed = [
            include_str!("../../../crds/yaml/notifproducers.yaml"),
            include_str!("../../../crds/yaml/notifconsumers.yaml"),
        ];
        let expected = format!("---\n{}---\n{}", committed[0], committed[1]);
        assert!(text().unwrap() == expected, "crds/yaml is stale: make generate");
    }
}
