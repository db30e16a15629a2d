//! The command line of `hoopoe dev`.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use hoopoe_crds::ports;

/// Runs the manifests that `kubectl apply` takes as tasks of one process. If a `HOOPOE_*_URL` is set, that server
/// is used; otherwise an embedded part is used, so that no server has to be installed.
#[derive(Clone, Debug, clap::Args)]
pub struct DevArgs {
    /// A manifest, or a folder of them; may be given more than once.
    #[arg(short = 'f', long = "filename", value_name = "FILE_OR_FOLDER")]
    pub filenames: Vec<PathBuf>,
    /// The folder of the embedded database, the embedded queue and the registered resources.
    #[arg(long, default_value = ".hoopoe", value_name = "DIR")]
    pub data: PathBuf,
    /// The address that producers and inbox APIs listen on; their ports come from the manifests.
    #[arg(long, default_value = "127.0.0.1", value_name = "IP")]
    pub listen: IpAddr,
    /// Where register, health and metrics are served.
    #[arg(long, default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, ports::ADMIN)), value_name = "ADDR")]
    pub admin: SocketAddr,
}
