//! The life of a release: install, upgrade, uninstall, and install again.

use hoopoe_e2e::previous_chart;

use crate::charts::kit::{Kit, SYSTEM, repository};
use crate::testkit::wait::{established, eventually};

const CHART: &str = "charts/hoopoe-operator";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_release_leaves_is_what_its_values_say() {
    let kit = Kit::start().await;
    kit.namespace("shop").await;
    kit.install_operator(&[]).await;
    let producers = ["upgrade", "--install", "shop", "charts/hoopoe", "--namespace", "shop", "--set"];
    let exchange = |name: &str| format!("producers.events.spec.exchange.name={name}");
    kit.helm(&[&producers[..], &[&exchange("shop.events")]].concat()).await;
    // Helm shows the messages of the API server's rules.
    let moved = kit.try_helm(&[&producers[..], &[&exchange("other")]].concat()).await.unwrap_err();
    assert!(moved.contains("immutable"), "{moved}");

    let upgrade = ["upgrade", "hoopoe-operator", CHART, "--namespace", SYSTEM];
    kit.helm(&[&upgrade[..], &["--set", "replicas=1", "--set", "watchNamespaces={shop}"]].concat()).await;
    let deployment = [
        "-n",
        SYSTEM,
        "get",
        "deploy/hoopoe-operator",
        "-o",
        "jsonpath={.spec.replicas} {.spec.template.spec.containers[0].args}",
    ];
    let seen = kit.kubectl(&deployment).await;
    assert!(seen.starts_with("1 ") && seen.contains("--watch-namespace=shop"), "{seen}");
    // Rights that are no longer needed are removed.
    assert_eq!(kit.kubectl(&["get", "clusterrole", "hoopoe-operator", "--ignore-not-found", "-o", "name"]).await, "");
    assert_eq!(
        kit.kubectl(&["-n", "shop", "get", "role", "-o", "name"]).await.trim(),
        "role.rbac.authorization.k8s.io/hoopoe-operator"
    );
    let unknown = kit.try_helm(&[&upgrade[..], &["--set", "watchNamespace=shop"]].concat()).await.unwrap_err();
    assert!(unknown.contains("watchNamespace"), "{unknown}");

    let hooks = kit.helm(&["get", "hooks", "hoopoe-operator", "--namespace", SYSTEM]).await;
    assert!(
        hooks.contains("pre-delete") && hooks.contains("- release") && hooks.contains("--watch-namespace=shop"),
        "{hooks}"
    );
    // No pod runs here, so the hook cannot run; another test covers what it does.
    let uninstall = ["uninstall", "hoopoe-operator", "--namespace", SYSTEM, "--no-hooks"];
    kit.helm(&uninstall).await;
    let left = kit.kubectl(&["-n", SYSTEM, "get", "deploy,service,sa,role,rolebinding,pdb", "-o", "name"]).await;
    assert!(!left.contains("hoopoe"), "{left}");
    assert_eq!(
        kit.kubectl(&["-n", "shop", "get", "nprod", "-o", "name"]).await.trim(),
        "notifproducer.hoopoe.app/events",
        "kept"
    );

    // Installed again, the chart takes over its definitions. Told not to keep them, it deletes them with all resources.
    kit.install_operator(&["--set", "crds.keep=false"]).await;
    kit.helm(&uninstall).await;
    eventually("the definitions are gone", async || {
        !kit.kubectl(&["get", "crd", "-o", "name"]).await.contains("hoopoe.app")
    })
    .await;

    // If kubectl made the definitions, Helm reports that, and continues when it is told to take them over.
    kit.kubectl(&["apply", "--server-side", "-f", repository("crds/yaml").to_str().unwrap()]).await;
    established(&kit.plane).await;
    let install = ["install", "hoopoe-operator", CHART, "--namespace", SYSTEM];
    let refused = kit.try_helm(&install).await.unwrap_err();
    assert!(refused.contains("notifconsumers.hoopoe.app"), "{refused}");
    // Helm 4 uses server-side apply, where kubectl owns the fields. Helm 3 knows neither this conflict nor this flag.
    let four = kit.helm(&["version", "--short"]).await.starts_with("v4");
    let take = if four { &["--take-ownership", "--force-conflicts"][..] } else { &["--take-ownership"] };
    kit.helm(&[&install[..], take].concat()).await;
}

/// Upgrades both charts, from the versions that `charts/next-version.sh` kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_version_before_is_upgraded_in_place() {
    let kit = Kit::start().await;
    kit.namespace("shop").await;
    let values = ["--set", "producers.events.spec.exchange.name=shop.events"];
    let releases = [("hoopoe-operator", SYSTEM, &[][..]), ("hoopoe", "shop", &values)];
    for (chart, namespace, values) in releases {
        let archive = previous_chart(chart).unwrap();
        let install = ["install", chart, archive.to_str().unwrap(), "--namespace", namespace];
        kit.helm(&[&install[..], values].concat()).await;
        established(&kit.plane).await;
    }
    // If the upgrade had to create one of these again, it would fail here; the selector of a Deployment cannot change
    // at all.
    let objects = async || {
        let cluster =
            kit.kubectl(&["get", "crd,clusterrole", "-l", "app.kubernetes.io/part-of=hoopoe", "-o", UIDS]).await;
        let system = kit.kubectl(&["-n", SYSTEM, "get", "deploy,service,sa,pdb", "-o", UIDS]).await;
        cluster + &system + &kit.kubectl(&["-n", "shop", "get", "nprod", "-o", UIDS]).await
    };
    let before = objects().await;
    assert!(before.contains("notifproducers.hoopoe.app") && before.contains("events="), "{before}");
    for (chart, namespace, values) in releases {
        let upgrade = ["upgrade", chart, &format!("charts/{chart}"), "--namespace", namespace];
        kit.helm(&[&upgrade[..], values].concat()).await;
        let releases = kit.helm(&["list", "--namespace", namespace, "--output", "json"]).await;
        let version = env!("CARGO_PKG_VERSION");
        for field in [format!("\"chart\":\"{chart}-{version}\""), format!("\"app_version\":\"{version}\"")] {
            assert!(releases.contains(&field), "{field} is not in {releases}");
        }
    }
    let after = objects().await;
    for object in before.lines() {
        assert!(after.contains(object), "{object} is not in\n{after}");
    }
}

const UIDS: &str = "jsonpath={range .items[*]}{.metadata.name}={.metadata.uid}{'\\n'}{end}";
