//! The files of a node, and the command lines that run it.

use std::path::{Path, PathBuf};

use super::{RabbitMqOptions, WATERMARK, plugins};
use crate::ca::PemPair;
use crate::child_options::ChildOptions;
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::ports::free_port;

/// The folder of the real scripts. The wrappers in `/usr/sbin` would change the user and write to the machine's log
/// folder.
const SCRIPTS: &str = "/usr/lib/rabbitmq/bin";
/// The path of its folder for a node that runs in another root.
const INSIDE: &str = "/srv";

/// Starts an epmd for this node in the node's session, so that it ends with the node; Erlang would otherwise start one
/// that detaches itself. The node starts when epmd answers. If the port is taken, epmd ends silently and with success,
/// and the node would share the epmd of another node; the check before the start prevents that. The argument is the
/// server's script.
const WITH_EPMD: &str = r#"answers() { timeout 2 epmd -port "$ERL_EPMD_PORT" -names >/dev/null 2>&1; }
taken() { echo "epmd's port $ERL_EPMD_PORT is already in use"; exit 1; }
if answers; then taken; fi
epmd -address 127.0.0.1 -port "$ERL_EPMD_PORT" &
tries=0
until answers; do
    tries=$((tries + 1))
    [ "$tries" -lt 250 ] || taken
    sleep 0.02
done
exec "$1""#;

/// Runs a command in another root. The mounts are private to the process, so they disappear with it. The root is $1 and
/// the node's folder is $2.
const IN_ROOT: &str = r#"set -e
mount --rbind /proc "$1/proc"
mount --rbind /dev "$1/dev"
mount --bind "$2" "$1/srv"
root=$1
shift 2
exec chroot "$root" "$@""#;

/// The ports of a node.
#[derive(Debug, Clone)]
pub(super) struct Ports {
    /// The port for AMQP.
    pub(super) amqp: u16,
    /// The port for AMQP with TLS.
    pub(super) amqps: Option<u16>,
    /// The port of the management plugin.
    pub(super) management: u16,
    /// The port for `rabbitmqctl`.
    distribution: u16,
    epmd: u16,
}

/// The files and ports of one node.
#[derive(Debug)]
pub(super) struct Node {
    /// The folder of all files that the node reads and writes.
    pub(super) folder: Folder,
    /// The ports of the node.
    pub(super) ports: Ports,
    root: Option<PathBuf>,
    few_plugins: bool,
}

impl Node {
    /// Writes the files of a new node. `root` is the root folder to run it in, or `None` for the machine's own.
    pub(super) fn write(options: &RabbitMqOptions, root: Option<PathBuf>) -> Result<Self> {
        let amqps = options.tls.as_ref().map(|_| free_port()).transpose()?;
        let (amqp, management) = (free_port()?, free_port()?);
        let ports = Ports { amqp, amqps, management, distribution: free_port()?, epmd: free_port()? };
        let folder = Folder::new()?;
        for name in ["home", "mnesia", "log", "generated"] {
            folder.make(name, None)?;
        }
        let cookie = folder.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        folder.write_private("home/.erlang.cookie", &cookie, None)?;
        let plugins: Vec<_> =
            ["rabbitmq_management"].into_iter().chain(options.plugins.iter().map(String::as_str)).collect();
        folder.write_private("enabled_plugins", &format!("[{}].\n", plugins.join(",")), None)?;
        if options.plugins.is_empty() {
            plugins::link(&folder, root.as_deref())?;
        }
        let node = Self { folder, ports, root, few_plugins: options.plugins.is_empty() };
        let configuration = node.configuration(options)?;
        node.folder.write_private("rabbitmq.conf", &configuration, None)?;
        Ok(node)
    }

    /// The command that runs the server.
    pub(super) fn launch(&self) -> ChildOptions {
        let server = format!("{SCRIPTS}/rabbitmq-server");
        let words = self.in_root(&["sh", "-c", WITH_EPMD, "sh", &server]);
        let launch = ChildOptions::new(&words[0]).args(&words[1..]).name("rabbitmq").without_env("RABBITMQ_");
        let launch = launch.without_env("ERL_").current_dir(self.folder.path());
        self.environment().into_iter().fold(launch, |launch, (name, value)| launch.env(name, value))
    }

    /// The command that runs `rabbitmqctl`.
    pub(super) fn ctl(&self, args: &[&str]) -> tokio::process::Command {
        let ctl = format!("{SCRIPTS}/rabbitmqctl");
        let mut line = vec![ctl.as_str(), "--quiet"];
        line.extend(args);
        let words = self.in_root(&line);
        let mut command = tokio::process::Command::new(&words[0]);
        command.args(&words[1..]).envs(self.environment()).current_dir(self.folder.path());
        command
    }

    fn configuration(&self, options: &RabbitMqOptions) -> Result<String> {
        let RabbitMqOptions { user, password, tls, settings, plugins: _, version: _ } = options;
        let Ports { amqp, amqps, management, distribution: _, epmd: _ } = &self.ports;
        let mut lines = vec![
            format!("listeners.tcp.1 = 127.0.0.1:{amqp}"),
            "management.tcp.ip = 127.0.0.1".to_owned(),
            format!("management.tcp.port = {management}"),
            format!("default_user = {user}"),
            format!("default_pass = {password}"),
            // A low limit avoids an alarm on a machine whose disk is nearly full.
            format!("vm_memory_high_watermark.relative = {WATERMARK}"),
            "disk_free_limit.absolute = 1MB".to_owned(),
            "log.console = true".to_owned(),
            "log.file = false".to_owned(),
            // The maximal age of queue counters in the management API; the default is 5 s.
            "collect_statistics_interval = 1000".to_owned(),
        ];
        if let (Some(tls), Some(port)) = (tls, amqps) {
            let PemPair { certificate, key } = tls.server_cert()?;
            lines.push(format!("listeners.ssl.1 = 127.0.0.1:{port}"));
            lines.push(format!("ssl_options.certfile = {}", self.copy(&certificate, "server.pem")?));
            lines.push(format!("ssl_options.keyfile = {}", self.copy(&key, "server.key")?));
            lines.push(format!("ssl_options.cacertfile = {}", self.copy(tls.ca.certificate(), "ca.pem")?));
            let verify = if tls.client_certs { "verify_peer" } else { "verify_none" };
            lines.push(format!("ssl_options.verify = {verify}"));
            lines.push(format!("ssl_options.fail_if_no_peer_cert = {}", tls.client_certs));
        }
        lines.extend(settings.iter().cloned());
        Ok(lines.join("\n") + "\n")
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let base = self.inside().display().to_string();
        let within = |name: &str| format!("{base}/{name}");
        let mut environment = vec![
            ("HOME", within("home")),
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("LC_ALL", "C.UTF-8".to_owned()),
            // All nodes may have the same name, because each has its own epmd.
            ("RABBITMQ_NODENAME", "rabbit@localhost".to_owned()),
            ("RABBITMQ_MNESIA_BASE", within("mnesia")),
            ("RABBITMQ_LOG_BASE", within("log")),
            ("RABBITMQ_LOGS", "-".to_owned()),
            ("RABBITMQ_CONFIG_FILE", within("rabbitmq.conf")),
            ("RABBITMQ_GENERATED_CONFIG_DIR", within("generated")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", within("enabled_plugins")),
            ("RABBITMQ_CONF_ENV_FILE", "/dev/null".to_owned()),
            ("RABBITMQ_DIST_PORT", self.ports.distribution.to_string()),
            ("RABBITMQ_CTL_DIST_PORT_MIN", "0".to_owned()),
            ("RABBITMQ_CTL_DIST_PORT_MAX", "0".to_owned()),
            ("ERL_EPMD_PORT", self.ports.epmd.to_string()),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".to_owned()),
            ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}".to_owned()),
        ];
        if self.few_plugins {
            environment.push(("RABBITMQ_PLUGINS_DIR", within(plugins::FOLDER)));
        }
        environment
    }

    fn in_root(&self, line: &[&str]) -> Vec<String> {
        let line = line.iter().map(|word| (*word).to_owned());
        match &self.root {
            None => line.collect(),
            Some(root) => {
                let private = ["unshare", "--mount", "--propagation", "private", "sh", "-c", IN_ROOT, "sh"];
                let folders = [root.display().to_string(), self.folder.path().display().to_string()];
                private.map(str::to_owned).into_iter().chain(folders).chain(line).collect()
            }
        }
    }

    /// The path of the folder for the node.
    fn inside(&self) -> &Path {
        match self.root {
            None => self.folder.path(),
            Some(_) => Path::new(INSIDE),
        }
    }

    /// Copies a file into the folder and returns its path for the node.
    fn copy(&self, from: &Path, name: &str) -> Result<String> {
        std::fs::copy(from, self.folder.path().join(name)).map_err(Error::io(format!("copy {}", from.display())))?;
        Ok(self.inside().join(name).display().to_string())
    }
}
