//! Helm, the folder of the charts, and a control plane.

use std::path::{Path, PathBuf};

use hoopoe_e2e::{Child, ChildOptions, ControlPlane, Folder, free_port, wait_http};
use tokio::{process::Command, sync::OnceCell};

use crate::testkit::wait::{PATIENCE, established};

/// The namespace in which operators run.
pub const SYSTEM: &str = "hoopoe-system";

static HELM: OnceCell<PathBuf> = OnceCell::const_new();

/// A control plane, and Helm for it.
pub struct Kit {
    pub plane: ControlPlane,
    helm: PathBuf,
    home: Folder,
}

/// A path inside the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// What a script of the repository prints.
pub async fn script(path: &str, args: &[&str]) -> String {
    let output = Command::new(repository(path)).args(args).kill_on_drop(true).output().await.unwrap();
    assert!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Kit {
    /// A control plane without nodes, with the namespace of operators, in which Pod Security is enforced. `HOOPOE_HELM`
    /// names another Helm.
    pub async fn start() -> Self {
        let find = async || match std::env::var_os("HOOPOE_HELM") {
            Some(given) => PathBuf::from(given),
            None => PathBuf::from(script("e2e/go-tools.sh", &["helm"]).await).join("helm"),
        };
        let helm = HELM.get_or_init(find).await.clone();
        let kit = Self { plane: ControlPlane::start().await.unwrap(), helm, home: Folder::new().unwrap() };
        kit.namespace(SYSTEM).await;
        kit
    }

    /// A namespace in which Pod Security refuses pods that are not restricted, and warns about objects with such pods.
    pub async fn namespace(&self, name: &str) {
        self.kubectl(&["create", "namespace", name]).await;
        let labels = ["enforce", "warn"].map(|mode| format!("pod-security.kubernetes.io/{mode}=restricted"));
        self.kubectl(&["label", "namespace", name, &labels[0], &labels[1]]).await;
    }

    pub async fn kubectl(&self, args: &[&str]) -> String {
        self.plane.kubectl(args).await.unwrap_or_else(|error| panic!("kubectl {args:?}: {error}"))
    }

    /// What helm prints; the error is what it complains about.
    pub async fn try_helm(&self, args: &[&str]) -> Result<String, String> {
        let mut command = Command::new(&self.helm);
        for (name, folder) in [("HELM_CACHE_HOME", "cache"), ("HELM_CONFIG_HOME", "config"), ("HELM_DATA_HOME", "data")]
        {
            command.env(name, self.home.path().join(folder));
        }
        command.env("KUBECONFIG", self.plane.kubeconfig()).current_dir(repository(""));
        let output = command.args(args).kill_on_drop(true).output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    pub async fn helm(&self, args: &[&str]) -> String {
        self.try_helm(args).await.unwrap_or_else(|error| panic!("helm {args:?}: {error}"))
    }

    /// Installs the operator's chart under its usual name. `flags`: its values.
    pub async fn install_operator(&self, flags: &[&str]) {
        let install = ["install", "hoopoe-operator", "charts/hoopoe-operator", "--namespace", SYSTEM];
        self.helm(&[&install[..], flags].concat()).await;
        established(&self.plane).await;
    }

    /// The real operator, with the account that its chart made. `flags`: added to those that say where its Lease is.
    pub async fn run_operator(&self, flags: &[&str]) -> Child {
        let admin = free_port().unwrap();
        let options = ChildOptions::new(env!("CARGO_BIN_EXE_hoopoe-operator"))
            .without_env("HOOPOE_OPERATOR")
            .env("KUBECONFIG", self.account().await)
            .args(["run", "--lease-namespace", SYSTEM, "--admin", &format!("127.0.0.1:{admin}")])
            .args(flags);
        let operator = Child::start(&options).unwrap();
        wait_http(&operator, &format!("http://127.0.0.1:{admin}/readyz"), PATIENCE).await.unwrap();
        operator
    }

    /// The kubeconfig of the operator's account.
    pub async fn account(&self) -> PathBuf {
        self.plane.kubeconfig_for_account(SYSTEM, "hoopoe-operator").await.unwrap().0
    }

    /// Runs a command of the operator with its account; returns whether it succeeded, and what it printed.
    pub async fn operator(&self, args: &[&str]) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hoopoe-operator"));
        command.env("KUBECONFIG", self.account().await).args(args).args(["--lease-namespace", SYSTEM]);
        let output = command.kill_on_drop(true).output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.success(), text(&output.stdout) + &text(&output.stderr))
    }
}
