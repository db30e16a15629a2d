//! What the roles of the chart allow: the operator gets all that it needs, and users get what they have elsewhere.

use crate::charts::kit::{Kit, SYSTEM};
use crate::testkit::wait::{PATIENCE, eventually};

const FAILS: &str = "FAILS";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_can_do_its_work_with_the_account_of_its_chart() {
    let kit = Kit::start().await;
    kit.install_operator(&[]).await;
    let (well, said) = kit.operator(&["check", "--timeout-seconds", "1"]).await;
    assert!(!well && said.contains("FAILS  leader: no operator leads") && said.matches(FAILS).count() == 1, "{said}");
    let operator = kit.run_operator(&[]).await;
    // The check waits until an operator leads.
    let (well, said) = kit.operator(&["check"]).await;
    assert!(well && said.contains("ok     rights") && !said.contains(FAILS), "{said}\n{}", operator.log());
    // As the pre-delete hook does; after that the operator knows that it must stop.
    let (well, said) = kit.operator(&["release"]).await;
    assert!(well && said.contains("dropped the finalizers of 0 resources"), "{said}");
    let ended = operator.wait(PATIENCE).await.unwrap();
    assert!(!ended.success(), "{}", operator.log());

    // The same for only two namespaces.
    kit.namespace("shop").await;
    kit.namespace("billing").await;
    let upgrade = ["upgrade", "hoopoe-operator", "charts/hoopoe-operator", "--namespace", SYSTEM];
    kit.helm(&[&upgrade[..], &["--set", "watchNamespaces={shop,billing}"]].concat()).await;
    let narrow = ["check", "--timeout-seconds", "1", "--watch-namespace"];
    let said = kit.operator(&[&narrow[..], &["shop,billing"]].concat()).await.1;
    assert!(said.contains("ok     rights"), "{said}");
    let said = kit.operator(&[&narrow[..], &["shop,default"]].concat()).await.1;
    assert!(said.contains("list secrets in default") && !said.contains("in shop"), "{said}");
    let said = kit.operator(&["check", "--timeout-seconds", "1"]).await.1;
    assert!(said.contains("FAILS  rights") && said.contains("list secrets;"), "cluster-wide: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_view_or_edit_may_do_so_with_both_kinds() {
    let kit = Kit::start().await;
    kit.install_operator(&[]).await;
    kit.namespace("shop").await;
    for role in ["view", "edit", "admin"] {
        let user = format!("--user={role}er");
        kit.kubectl(&["-n", "shop", "create", "rolebinding", role, &format!("--clusterrole={role}"), &user]).await;
    }
    let may = async |who: &str, verb: &str, what: &str, namespace: &str| {
        let (resource, subresource) = what.split_once('/').unwrap_or((what, ""));
        let subresource = format!("--subresource={subresource}");
        // The exit status is 1 when the answer is no.
        let ask = ["-n", namespace, "auth", "can-i", verb, resource, &subresource, "--as", who];
        kit.plane.kubectl_with(&ask, "").await.unwrap().stdout.starts_with(b"yes")
    };
    // The controller manager aggregates the rules.
    eventually("view has the new rules", async || may("viewer", "list", "notifconsumers.hoopoe.app", "shop").await)
        .await;
    eventually("edit has", async || may("editer", "create", "notifconsumers.hoopoe.app", "shop").await).await;
    eventually("admin has", async || may("adminer", "delete", "notifproducers.hoopoe.app", "shop").await).await;
    for (who, verb, what, allowed) in [
        ("viewer", "get", "notifconsumers.hoopoe.app/scale", true),
        ("viewer", "get", "notifproducers.hoopoe.app/status", true),
        ("viewer", "create", "notifproducers.hoopoe.app", false),
        ("viewer", "patch", "notifconsumers.hoopoe.app/scale", false),
        ("editer", "list", "notifproducers.hoopoe.app", true),
        ("editer", "patch", "notifconsumers.hoopoe.app/scale", true),
        ("editer", "update", "notifproducers.hoopoe.app/scale", true),
        ("editer", "patch", "notifconsumers.hoopoe.app/status", false),
        ("editer", "update", "notifconsumers.hoopoe.app/finalizers", false),
        ("adminer", "update", "notifconsumers.hoopoe.app/finalizers", true),
    ] {
        assert_eq!(may(who, verb, what, "shop").await, allowed, "{who} {verb} {what}");
    }
    assert!(!may("editer", "get", "notifconsumers.hoopoe.app", "default").await, "only where the role is bound");
}
