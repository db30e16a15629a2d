//! The pods of every field satisfy the Pod Security level `restricted`.

use hoopoe_operator::{desired::ChildKind, scale::Replicas};
use serde_json::json;

use super::stand::{
    FULL_CONSUMER, FULL_PRODUCER, MINIMAL_CONSUMER, MINIMAL_PRODUCER, Stand, consumer_children, producer_children,
};

#[tokio::test]
async fn every_template_is_accepted_under_restricted() {
    // In separate namespaces, because both producers have the same name but other immutable fields.
    are_accepted("restricted-minimal", [MINIMAL_PRODUCER, MINIMAL_CONSUMER]).await;
    are_accepted("restricted-full", [FULL_PRODUCER, FULL_CONSUMER]).await;
}

async fn are_accepted(namespace: &str, texts: [&str; 2]) {
    let stand = Stand::new(namespace).await;
    let level = ["label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted"];
    stand.plane.kubectl(&level).await.unwrap();
    let one = Replicas::Exactly(1);
    for text in texts {
        let (owner, children) = if text.contains("kind: NotifProducer") {
            let (owner, spec) = stand.producer(text).await;
            let children = producer_children(&owner, &spec, one);
            (owner, children)
        } else {
            let (owner, spec) = stand.consumer(text).await;
            let children = consumer_children(&owner, &spec, one, one);
            (owner, children)
        };
        let applied = stand.apply(&owner, &children).await.unwrap();
        assert!(applied.drifted.is_empty());
        // This spec names an account of its own, which the user makes.
        if text == FULL_CONSUMER {
            stand.kubectl(&["create", "serviceaccount", "inbox-workers"]).await;
        }
        for child in children.iter().filter(|child| child.kind == ChildKind::Deployment) {
            let template = &child.object["spec"]["template"];
            let pod = json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": "probe", "namespace": stand.namespace, "labels": template["metadata"]["labels"]},
                "spec": template["spec"],
            });
            let args = ["create", "--dry-run=server", "--validate=strict", "-f", "-"];
            let output = stand.plane.kubectl_with(&args, &pod.to_string()).await.unwrap();
            assert!(output.status.success(), "{}: {}", child.name, String::from_utf8_lossy(&output.stderr));
            let warned = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!warned.contains("PodSecurity"), "{warned}");
        }
    }
    for deployment in ["orders-producer", "inbox-consumer", "inbox-api"] {
        let available = format!("deployment/{deployment}");
        stand.kubectl(&["wait", "--for=condition=Available", &available, "--timeout=60s"]).await;
    }
}
