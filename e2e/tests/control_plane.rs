//! The control plane of the tests: it starts, refuses whom it should, plays pods, and keeps its objects when it is killed.

use hoopoe_e2e::{ControlPlane, processes_under};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.invalid/web}]}
";

#[tokio::test]
async fn pods_become_ready_and_objects_outlive_the_api_server() -> Outcome {
    let started = std::time::Instant::now();
    let plane = ControlPlane::start_with_nodes(2).await?;
    println!("ready after {:.1} s", started.elapsed().as_secs_f32());
    plane.apply(DEPLOYMENT).await?;
    plane.kubectl(&["wait", "--for=condition=Available", "deployment/web", "--timeout=60s"]).await?;
    let pods = plane.kubectl(&["get", "pods", "-o", "jsonpath={.items[*].status.phase}"]).await?;
    assert_eq!(pods, "Running Running");
    plane.kill_api_server().await?;
    assert!(plane.kubectl(&["get", "pods", "--request-timeout=2s"]).await.is_err());
    plane.start_api_server().await?;
    let replicas = plane.kubectl(&["get", "deployment/web", "-o", "jsonpath={.spec.replicas}"]).await?;
    assert_eq!(replicas, "2");
    let pids = plane.pids()?;
    drop(plane);
    for pid in pids {
        assert!(processes_under(pid).is_empty(), "process {pid} outlived its control plane");
    }
    Ok(())
}

#[tokio::test]
async fn rbac_refuses_a_stranger_and_knows_a_service_account() -> Outcome {
    let plane = ControlPlane::start().await?;
    let stranger = plane.kubeconfig_for("stranger", None)?;
    let refused = plane.kubectl_as(&stranger, &["get", "pods"]).await.unwrap_err().to_string();
    assert!(refused.contains("Forbidden") && refused.contains("stranger"), "{refused}");
    plane.kubectl(&["create", "serviceaccount", "reader"]).await?;
    plane
        .kubectl(&["create", "rolebinding", "reader", "--clusterrole=view", "--serviceaccount=default:reader"])
        .await?;
    let (reader, _) = plane.kubeconfig_for_account("default", "reader").await?;
    plane.kubectl_as(&reader, &["get", "pods"]).await?;
    let refused = plane.kubectl_as(&reader, &["get", "secrets"]).await.unwrap_err().to_string();
    assert!(refused.contains("system:serviceaccount:default:reader"), "{refused}");
    let served = plane.kubectl(&["api-resources", "--api-group=autoscaling", "-o", "name"]).await?;
    assert!(served.contains("horizontalpodautoscalers"), "{served}");
    Ok(())
}
