//! The control plane of the tests: it starts, refuses clients without rights, simulates pods, and keeps its objects
//! when it is killed.

use std::time::Duration;

use hoopoe_e2e::{Child, ChildOptions, ControlPlane, processes_under};

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
    println!("ready after {:.1} s, {} MiB", started.elapsed().as_secs_f32(), memory(&plane.pids()?) / 1024);
    plane.apply(DEPLOYMENT).await?;
    plane.kubectl(&["wait", "--for=condition=Available", "deployment/web", "--timeout=60s"]).await?;
    let pods = plane.kubectl(&["get", "pods", "-o", "jsonpath={.items[*].status.phase}"]).await?;
    assert_eq!(pods, "Running Running");
    plane.kill_api_server().await?;
    assert!(plane.kubectl(&["get", "pods", "--request-timeout=2s"]).await.is_err());
    plane.start_api_server().await?;
    let replicas = plane.kubectl(&["get", "deployment/web", "-o", "jsonpath={.spec.replicas}"]).await?;
    assert_eq!(replicas, "2");
    // The other parts have connected again too: controllers make the pod, the scheduler places it, kwok simulates it.
    plane.kubectl(&["scale", "deployment/web", "--replicas=3"]).await?;
    plane.kubectl(&["wait", "--for=jsonpath={.status.readyReplicas}=3", "deployment/web", "--timeout=60s"]).await?;
    let pids = plane.pids()?;
    let file = plane.kubeconfig().to_owned();
    drop(plane);
    assert!(!file.exists(), "{} outlived its control plane", file.display());
    for pid in pids {
        assert!(processes_under(pid).is_empty(), "process {pid} outlived its control plane");
    }
    Ok(())
}

/// A scheduler exits if it missed the end of a pod and then finds a new pod of the same name, as in a `StatefulSet`.
#[tokio::test]
async fn a_scheduler_that_ends_is_started_again() -> Outcome {
    let plane = ControlPlane::start_with_nodes(1).await?;
    let place = async |pod: &str| {
        let spec = "{containers: [{name: web, image: example.invalid/web}]}";
        plane.apply(&format!("{{apiVersion: v1, kind: Pod, metadata: {{name: {pod}}}, spec: {spec}}}")).await?;
        Ok::<_, Box<dyn std::error::Error>>(())
    };
    let placed = async |pod: &str| {
        plane.kubectl(&["wait", "--for=condition=PodScheduled", &format!("pod/{pod}"), "--timeout=90s"]).await
    };
    place("web-0").await?;
    placed("web-0").await?;
    let scheduler = || plane.pids().map(|pids| pids[3]);
    let frozen = scheduler()?;
    signal("-STOP", frozen)?;
    // This object is newer than the scheduler's view of pods. A restarted API server has no history, so the scheduler's
    // watch must start again too.
    plane.kubectl(&["create", "configmap", "younger"]).await?;
    plane.kill_api_server().await?;
    plane.start_api_server().await?;
    plane.kubectl(&["delete", "pod", "web-0", "--grace-period=0", "--force"]).await?;
    place("web-0").await?;
    signal("-CONT", frozen)?;
    placed("web-0").await?;
    assert_ne!(scheduler()?, frozen, "it outlives this now: what upkeep.rs says of it is out of date");

    let killed = scheduler()?;
    signal("-KILL", killed)?;
    place("web-1").await?;
    placed("web-1").await?;
    assert_ne!(scheduler()?, killed);
    Ok(())
}

fn signal(name: &str, pid: u32) -> Outcome {
    let status = std::process::Command::new("kill").args([name, &pid.to_string()]).status()?;
    assert!(status.success(), "kill {name} {pid}: {status}");
    Ok(())
}

#[tokio::test]
async fn rbac_refuses_a_stranger_and_knows_a_service_account() -> Outcome {
    let plane = ControlPlane::shared().await?;
    let stranger = plane.kubeconfig_for("stranger", None)?;
    let refused = plane.kubectl_as(&stranger, &["get", "pods"]).await.unwrap_err().to_string();
    assert!(refused.contains("Forbidden") && refused.contains("stranger"), "{refused}");
    let refused = without_credentials(&plane, "/api/v1/namespaces/default/pods").await?;
    assert!(refused.contains("system:anonymous"), "{refused}");
    plane.kubectl(&["create", "serviceaccount", "reader"]).await?;
    plane
        .kubectl(&["create", "rolebinding", "reader", "--clusterrole=view", "--serviceaccount=default:reader"])
        .await?;
    let (reader, _) = plane.kubeconfig_for_account("default", "reader").await?;
    // A binding takes effect only after the API server's own watch has delivered it to the authorizer.
    let allowed = async { while plane.kubectl_as(&reader, &["get", "pods"]).await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(10), allowed).await?;
    let refused = plane.kubectl_as(&reader, &["get", "secrets"]).await.unwrap_err().to_string();
    assert!(refused.contains("system:serviceaccount:default:reader"), "{refused}");
    let served = plane.kubectl(&["api-resources", "--api-group=autoscaling", "-o", "name"]).await?;
    assert!(served.contains("horizontalpodautoscalers"), "{served}");
    Ok(())
}

/// This variable is set only in the process that gets a control plane. Without it that test ends at once.
const GIVEN: &str = "HOOPOE_TEST_KUBECONFIG";

/// The test below starts this test in a separate process, because an environment variable affects the whole process.
#[tokio::test]
#[ignore = "is given a control plane"]
async fn uses_the_one_it_is_given() -> Outcome {
    if std::env::var_os(GIVEN).is_none() {
        return Ok(());
    }
    let plane = ControlPlane::start_with_nodes(2).await?;
    plane.kubectl(&["create", "configmap", "from-another-process"]).await?;
    assert!(plane.pids().is_err() && plane.api_url().is_err(), "it is not ours to know");
    Ok(())
}

#[tokio::test]
async fn a_control_plane_that_is_there_is_used_and_left_alone() -> Outcome {
    let plane = ControlPlane::shared().await?;
    let options = ChildOptions::new(std::env::current_exe()?)
        .args(["--ignored", "--exact", "control_plane::uses_the_one_it_is_given"])
        .env(GIVEN, plane.kubeconfig());
    let other = Child::start(&options)?;
    let status = other.wait(Duration::from_mins(1)).await?;
    assert!(status.success(), "{status}: {}", other.log());
    plane.kubectl(&["get", "configmap", "from-another-process"]).await?;
    Ok(())
}

/// The answer to a client without certificate and token. It does not use `kubectl`, which would ask for a user's name.
async fn without_credentials(plane: &ControlPlane, path: &str) -> Result<String, Box<dyn std::error::Error>> {
    let authority = std::fs::read(plane.ca()?.certificate())?;
    // An error means that the process has a provider already, which works as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let authority = reqwest::Certificate::from_pem(&authority)?;
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([authority]).build()?;
    let response = client.get(format!("{}{path}", plane.api_url()?)).send().await?;
    assert_eq!(response.status(), 403);
    Ok(response.text().await?)
}

/// The memory of the processes, in KiB.
fn memory(pids: &[u32]) -> u64 {
    let of = |pid: &u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    pids.iter().filter_map(of).sum()
}
