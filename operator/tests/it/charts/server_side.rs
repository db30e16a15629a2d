//! A server-side dry run of everything that the charts render, with each set of values in charts/*/ci.

use crate::charts::kit::{Kit, SYSTEM, repository, script};
use crate::testkit::wait::established;

/// A helm built from its module assumes an old version of Kubernetes when it does not ask the cluster.
const KUBERNETES: &str = "v1.36.0";

/// Each set of values of a chart, and no values at all.
fn values(chart: &str) -> Vec<Option<String>> {
    let folder = std::fs::read_dir(repository(&format!("charts/{chart}/ci"))).unwrap();
    let mut files: Vec<_> = folder.map(|file| Some(file.unwrap().path().to_str().unwrap().to_owned())).collect();
    files.sort();
    files.push(None);
    files
}

/// What the API server complains about; a warning counts too.
async fn complaint(kit: &Kit, text: &str) -> String {
    let apply = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-"];
    let output = kit.plane.kubectl_with(&apply, text).await.unwrap();
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_server_that_enforces_restricted_pods_takes_everything_that_is_rendered() {
    let kit = Kit::start().await;
    for file in script("e2e/kube-schemas.sh", &["--definitions"]).await.lines() {
        kit.kubectl(&["apply", "--server-side", "-f", file]).await;
    }
    // Without Helm: the folder as it stands.
    kit.kubectl(&["apply", "--server-side", "-f", repository("crds/yaml").to_str().unwrap()]).await;
    established(&kit.plane).await;
    for namespace in ["shop", "billing"] {
        kit.namespace(namespace).await;
    }
    // A pod needs its account to exist.
    for account in ["hoopoe-operator", "given"] {
        kit.kubectl(&["-n", SYSTEM, "create", "serviceaccount", account]).await;
    }
    let mut rendered = 0;
    for chart in ["hoopoe-operator", "hoopoe"] {
        for file in values(chart) {
            let folder = format!("charts/{chart}");
            let mut args = vec!["template", chart, &folder, "--namespace", SYSTEM, "--kube-version", KUBERNETES];
            args.extend(file.iter().flat_map(|file| ["--values", file]));
            let text = kit.helm(&args).await;
            if text.contains("kind:") {
                let complaint = complaint(&kit, &text).await;
                assert!(complaint.is_empty(), "{chart} with {file:?}: {complaint}");
                rendered += 1;
            }
        }
    }
    assert!(rendered >= 6, "{rendered}");
    let install = std::fs::read_to_string(repository("charts/install.yaml")).unwrap();
    // Its namespace exists already, and has one label more.
    assert_eq!(complaint(&kit, &install).await, "", "install.yaml");

    // Not only in a dry run: it can be applied at once.
    let install = repository("charts/install.yaml");
    kit.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", install.to_str().unwrap()]).await;

    // The dry run does report faults.
    let worse = [
        "template",
        "x",
        "charts/hoopoe-operator",
        "--namespace",
        SYSTEM,
        "--kube-version",
        KUBERNETES,
        "--set",
        "securityContext.capabilities.add={SYS_ADMIN}",
    ];
    let complaint = complaint(&kit, &kit.helm(&worse).await).await;
    assert!(complaint.contains("would violate PodSecurity") && complaint.contains("SYS_ADMIN"), "{complaint}");
}
