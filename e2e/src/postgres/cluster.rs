//! A `PostgreSQL` cluster on disk, and the command line that serves it.

use std::path::PathBuf;
use std::time::Duration;

use super::{PostgresAuth, PostgresOptions};
use crate::child_options::ChildOptions;
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::tool;
use crate::user::{User, is_root};

/// The folder in which Debian keeps the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The files of one server.
#[derive(Debug, Clone)]
pub(super) struct Cluster {
    /// The folder of the data, the log, the certificate and the Unix socket.
    pub(super) folder: Folder,
    /// The programs of the version that created the cluster.
    pub(super) programs: PathBuf,
    data: PathBuf,
    // PostgreSQL refuses to run as root.
    user: Option<User>,
}

impl Cluster {
    /// Runs `initdb`. It takes only half a second, so no template is kept, and each cluster gets its own system
    /// identifier.
    pub(super) async fn init(options: &PostgresOptions) -> Result<Self> {
        let cluster = Self::empty(newest_version()?)?;
        let password = cluster.folder.write_private("password", &options.password, cluster.user.as_ref())?;
        let mut initdb = cluster.tool("initdb")?;
        initdb.arg("--pgdata").arg(&cluster.data).arg("--pwfile").arg(password);
        initdb.args(["--username", &options.user, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]);
        // Without a sync, data is lost only if the machine crashes, which a test cannot cause.
        initdb.args(["--no-sync", "--no-instructions"]);
        tool::run(initdb, Duration::from_mins(1)).await?;
        Ok(cluster)
    }

    /// Copies this cluster, while a server serves it on that port, to a standby that follows it over its Unix socket.
    pub(super) async fn copy(&self, port: u16, superuser: &str) -> Result<Self> {
        let cluster = Self::empty(self.programs.clone())?;
        let mut copy = cluster.tool("pg_basebackup")?;
        copy.arg("--pgdata")
            .arg(&cluster.data)
            .arg("--host")
            .arg(self.folder.path())
            .args(["--port", &port.to_string()]);
        copy.args([
            "--username",
            superuser,
            "--wal-method=stream",
            "--checkpoint=fast",
            "--write-recovery-conf",
            "--no-sync",
        ]);
        tool::run(copy, Duration::from_mins(1)).await?;
        Ok(cluster)
    }

    /// Prepares an empty folder for a new cluster.
    fn empty(programs: PathBuf) -> Result<Self> {
        let user = if is_root() { Some(User::named("postgres")?) } else { None };
        let folder = Folder::new()?;
        if let Some(user) = &user {
            // The server creates its socket in this folder.
            user.give(folder.path())?;
        }
        let data = folder.make("data", user.as_ref())?;
        Ok(Self { folder, programs, data, user })
    }

    /// The command that runs one of its programs as its user.
    fn tool(&self, name: &str) -> Result<tokio::process::Command> {
        let mut words: Vec<_> = self.user.iter().flat_map(User::prefix).map(PathBuf::from).collect();
        words.push(self.programs.join(name));
        let (program, prefix) = words.split_first().ok_or(Error::ProgramMissing { program: name.to_owned() })?;
        let mut command = tokio::process::Command::new(program);
        command.args(prefix).current_dir("/");
        Ok(command)
    }

    /// The command that serves the cluster on that port.
    pub(super) fn launch(&self, options: &PostgresOptions, port: u16) -> Result<ChildOptions> {
        let folder = self.folder.path().display();
        let mut settings = vec![
            ("listen_addresses".to_owned(), "127.0.0.1".to_owned()),
            ("unix_socket_directories".to_owned(), folder.to_string()),
            ("fsync".to_owned(), if options.fsync { "on" } else { "off" }.to_owned()),
            ("max_connections".to_owned(), "200".to_owned()),
        ];
        if let Some(tls) = &options.tls {
            let pair = tls.server_cert()?;
            let read =
                |path: &PathBuf| std::fs::read_to_string(path).map_err(Error::io(format!("read {}", path.display())));
            // Copy the files, because the server's user may not read the originals.
            let user = self.user.as_ref();
            let certificate = self.folder.write_private("server.pem", &read(&pair.certificate)?, user)?;
            let key = self.folder.write_private("server.key", &read(&pair.key)?, user)?;
            let ca = self.folder.write_private("ca.pem", &read(&tls.ca.certificate().to_owned())?, user)?;
            settings.push(("ssl".to_owned(), "on".to_owned()));
            settings.push(("ssl_cert_file".to_owned(), certificate.display().to_string()));
            settings.push(("ssl_key_file".to_owned(), key.display().to_string()));
            settings.push(("ssl_ca_file".to_owned(), ca.display().to_string()));
        }
        let access = self.folder.write_private("access.conf", &access(options), self.user.as_ref())?;
        settings.push(("hba_file".to_owned(), access.display().to_string()));
        settings.extend(options.settings.iter().cloned());

        let launch = ChildOptions::new(self.programs.join("postgres")).name("postgres").user(self.user.clone());
        let launch = launch.current_dir(self.folder.path()).arg("-D").arg(&self.data).arg("-p").arg(port.to_string());
        Ok(settings.iter().fold(launch, |launch, (name, value)| launch.arg("-c").arg(format!("{name}={value}"))))
    }
}

/// The rules for connections (`pg_hba.conf`). Only this crate itself connects through the Unix socket.
fn access(options: &PostgresOptions) -> String {
    let method = match options.auth {
        PostgresAuth::Trust => "trust",
        PostgresAuth::Password => "scram-sha-256",
        PostgresAuth::Certificate => "cert",
    };
    let (kind, certificate) = match &options.tls {
        Some(tls) if tls.client_certs && options.auth != PostgresAuth::Certificate => {
            ("hostssl", " clientcert=verify-ca")
        }
        Some(_) => ("hostssl", ""),
        None => ("host", ""),
    };
    let replication = format!("{kind} replication all all {method}{certificate}\n");
    format!("local all all trust\nlocal replication all trust\n{kind} all all all {method}{certificate}\n{replication}")
}

fn newest_version() -> Result<PathBuf> {
    let missing = || Error::ProgramMissing { program: format!("{VERSIONS}/*/bin/postgres") };
    let versions = std::fs::read_dir(VERSIONS).map_err(|_| missing())?;
    versions
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|version| PathBuf::from(format!("{VERSIONS}/{version}/bin/postgres")).exists())
        .max()
        .map(|version| PathBuf::from(format!("{VERSIONS}/{version}/bin")))
        .ok_or_else(missing)
}
