//! The operator watches only some namespaces, and has rights only in those.

use super::{faulty_client, kit::Kit};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_of_three_namespaces_are_watched_with_roles_in_those_two() {
    let kit = Kit::unattended().await;
    // This user has no rights in the whole cluster.
    kit.bind_lease("of-two").await;
    kit.bind_identity("of-two").await;
    let mut shops = Vec::new();
    for name in ["one", "two", "three"] {
        let shop = kit.namespace(name).await;
        if name != "three" {
            shop.kubectl(&["create", "rolebinding", "operator", "--clusterrole=hoopoe-operator", "--user=of-two"])
                .await;
        }
        shop.producer("events", &format!("exchange: {{name: namespaces.{name}}}")).await;
        shops.push(shop);
    }
    let kubeconfig = kit.plane.kubeconfig_for("of-two", None).unwrap();
    let flags = ["--watch-namespace", "one,two", "--lease-name", "of-two"];
    let operator = faulty_client::operator(&kubeconfig, faulty_client::Fault::CrashAfter(u32::MAX), &flags).await;
    shops[0].ready("nprod/events").await;
    shops[1].ready("nprod/events").await;
    assert!(!shops[2].exists("deploy/events-producer").await, "no operator watches the third");
    drop(operator);
}
